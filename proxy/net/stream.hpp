// A connection's bytes, whatever carries them: TCP itself, or TLS on it. Nothing here blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace weir::net {

class Stream {
 public:
  struct Io {
    enum class State : std::uint8_t {
      moved,   // `size` bytes
      wait,    // for news of the socket
      end,     // read: nothing more will come
      failed,  // see error()
    };
    State state = State::wait;
    std::size_t size = 0;
  };

  virtual ~Stream() = default;

  virtual Io read(std::span<std::uint8_t> into) = 0;
  // Moves all that can be moved without waiting. After `wait` the same bytes come again, and perhaps more behind them;
  // where they lie may have changed.
  virtual Io write(std::span<const std::uint8_t> bytes) = 0;
  // Nothing more is written: moved, wait or failed; called again after wait. `in_order`: as its sender meant it, not
  // cut off. `closes`: the socket is closed right after.
  virtual Io finish(bool in_order, bool closes) = 0;

  // After `end`: it came without a word (RFC 8446, 6.1: without close_notify), so what came before may not be all.
  virtual bool is_truncated() const = 0;
  virtual std::error_code error() const = 0;
};

}  // namespace weir::net
