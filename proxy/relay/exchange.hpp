// A flow while bytes move between its client and its origin, whatever is done with them on the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <system_error>

#include "proxy/flow/end.hpp"

namespace weir::relay {

class Exchange {
 public:
  enum class Next : std::uint8_t {
    again,  // more to do at once, after others had their turn
    wait,   // for news of either socket
    dial,   // the origin; then `dialled`
    over,
  };

  struct Failure {
    flow::Side side;
    std::error_code error;
  };

  virtual ~Exchange() = default;

  virtual Next step() = 0;
  virtual void dialled() {}
  // The origin could not be had. False where the client is not to be told but by the flow's end.
  virtual bool could_not_dial(const flow::End&) { return false; }
  // It ends here, whatever is on.
  virtual void abandon() {}
  // About once a second. True where it ended something that took too long: there is a step to be made.
  virtual bool tick(std::chrono::steady_clock::time_point) { return false; }
  // How it ended, where that is not for the sockets to say.
  virtual std::optional<flow::End> end() const { return std::nullopt; }
  // The client was told the last word in order, whatever the flow's end is called.
  virtual bool has_told_client() const { return false; }

  // The side that failed, once one did; the flow may still be delivering what that side sent before.
  virtual const std::optional<Failure>& failure() const = 0;
  virtual std::uint64_t bytes_from_client() const = 0;
  virtual std::uint64_t bytes_to_client() const = 0;
  virtual std::uint64_t bytes_spliced() const = 0;
  virtual bool client_finished() const = 0;
};

}  // namespace weir::relay
