// What the flows of one worker share while bytes move, so that an idle flow holds nothing: one scratch buffer, pipes
// for splice(2), and chunks for what a slow reader has not taken yet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "proxy/net/socket.hpp"

namespace weir::relay {

struct Pipe {
  net::Descriptor read_end;
  net::Descriptor write_end;
};

class Resources {
 public:
  // `most_pipes`: how many pipes may exist at once; a flow that gets none copies instead.
  explicit Resources(std::size_t most_pipes);

  std::span<std::uint8_t> scratch() { return scratch_; }

  std::optional<Pipe> borrow_pipe();
  // An empty pipe comes back for the next flow; one with bytes in it must be dropped instead.
  void give_back(Pipe);
  void drop(Pipe);

 private:
  std::vector<std::uint8_t> scratch_;
  std::vector<Pipe> idle_pipes_;
  std::size_t pipes_left_;
};

}  // namespace weir::relay
