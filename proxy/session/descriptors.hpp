// How many descriptors the process may have, and how many flows that is.
#pragma once

#include <cstddef>

namespace weir::session {

struct DescriptorBudget {
  std::size_t flows = 0;           // two sockets each
  std::size_t pipes_a_worker = 0;  // two descriptors each, only while a busy flow splices
};

// Raises the soft limit to the hard one; returns the limit in force.
std::size_t raise_descriptor_limit();
// Of `limit` descriptors, `open_now` are taken. Pure.
DescriptorBudget share_descriptors(std::size_t limit, std::size_t open_now, std::size_t workers);
std::size_t open_descriptors();

}  // namespace weir::session
