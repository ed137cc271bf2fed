#pragma once

#include <cstdint>

namespace weir::relay {

// Where one direction of a flow has come to.
enum class PumpState : std::uint8_t {
  moving,        // stopped by its budget: call again
  blocked,       // waits for its reader's or its writer's socket
  finished,      // the end of what is read was carried on
  read_failed,   // all that came before was passed on
  write_failed,  // no more is taken
};

// A turn of one pump; then other flows have theirs.
inline constexpr int kStepsATurn = 16;

}  // namespace weir::relay
