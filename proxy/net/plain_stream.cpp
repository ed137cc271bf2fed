#include "proxy/net/plain_stream.hpp"

#include <cerrno>

#include <sys/socket.h>

namespace weir::net {
namespace {

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Stream::Io PlainStream::read(std::span<std::uint8_t> into) {
  if (!watch_.readable) return {Io::State::wait, 0};
  const auto count = recv(watch_.fd(), into.data(), into.size(), 0);
  if (count == 0) return {Io::State::end, 0};
  if (count < 0 && !would_block()) return failed();
  const auto size = count < 0 ? 0 : static_cast<std::size_t>(count);
  // A short read emptied the socket; what comes later brings a new edge. Not so once the peer's end is queued.
  if (count < 0 || (size < into.size() && !watch_.read_to_end)) watch_.readable = false;
  return size == 0 ? Io{Io::State::wait, 0} : Io{Io::State::moved, size};
}

Stream::Io PlainStream::write(std::span<const std::uint8_t> bytes) {
  if (!watch_.writable) return {Io::State::wait, 0};
  const auto count = send(watch_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count < 0 && !would_block()) return failed();
  const auto size = count < 0 ? 0 : static_cast<std::size_t>(count);
  if (size < bytes.size()) watch_.writable = false;
  return size == 0 ? Io{Io::State::wait, 0} : Io{Io::State::moved, size};
}

Stream::Io PlainStream::finish(bool, bool closes) {
  if (!closes && shutdown(watch_.fd(), SHUT_WR) != 0 && errno != ENOTCONN) return failed();
  return {Io::State::moved, 0};
}

Stream::Io PlainStream::failed() {
  error_ = {errno, std::system_category()};
  return {Io::State::failed, 0};
}

}  // namespace weir::net
