// Learns a flow's name from its first bytes as they are relayed, where no rule had to wait for it: for the record, and
// for the bypass list.
#pragma once

#include "proxy/detect/detector.hpp"
#include "proxy/relay/pump.hpp"

namespace weir::session {

struct Flow;

class NameSniffer : public relay::FirstBytes {
 public:
  explicit NameSniffer(Flow& flow) : flow_(flow) {}
  bool look(std::span<const std::uint8_t> bytes) override;
  bool is_done() const { return done_; }

 private:
  Flow& flow_;
  detect::Detector detector_;
  bool done_ = false;
};

}  // namespace weir::session
