// What a flow says first, kept until it is decided what becomes of the flow, and the facts it makes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/facts.hpp"
#include "proxy/detect/detector.hpp"
#include "proxy/flow/record.hpp"

namespace weir::session {

// A hello is at most 64 KiB, in records of any size; a request's head is at most 64 KiB.
inline constexpr std::size_t kMostFirstBytes = 128 * 1024;

class FirstLook {
 public:
  void take(std::span<const std::uint8_t> fresh);
  const detect::Detector& detector() const { return detector_; }
  std::span<const std::uint8_t> bytes() const { return bytes_; }
  bool is_full() const { return bytes_.size() >= kMostFirstBytes; }

  // Adds what a ClientHello tells. The facts show into this object.
  void add_to(policy::Facts&);

 private:
  std::vector<std::uint8_t> bytes_;
  detect::Detector detector_;
  std::vector<std::string> alpn_;
};

// What the first bytes tell, on record.
void note_names(flow::Record&, const detect::Detector&);

}  // namespace weir::session
