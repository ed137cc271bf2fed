// HTTP/1 messages as they come (RFC 9112), by Beast's parser behind checks of weir's own: what two readers could
// understand differently is a fault, and nothing after it is read. Pure: bytes in, events out; holds no byte of a body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "proxy/http/fault.hpp"
#include "proxy/http/message.hpp"

namespace weir::http {

struct H1Limits {
  std::size_t head = 64 * 1024;        // bytes of a head, and of trailers
  std::size_t fields = 256;            // in a head, and in trailers
  std::size_t extensions = 16 * 1024;  // bytes of all chunk extensions of a message
};

enum class H1Event : std::uint8_t {
  need_more,  // all was taken; come again with what follows
  head,       // the head is whole, in what was given to read into
  body,       // `body` has some of its body
  end,        // the message is over; trailers() are there. The next read begins another message
  fault,      // see fault()
};

struct H1Step {
  H1Event event = H1Event::need_more;
  std::size_t taken = 0;                 // of the input; the rest is to come again
  std::span<const std::uint8_t> body{};  // shows into the input
};

class H1RequestReader {
 public:
  explicit H1RequestReader(const H1Limits& limits = {});
  ~H1RequestReader();
  H1RequestReader(H1RequestReader&&) noexcept;
  H1RequestReader& operator=(H1RequestReader&&) noexcept;

  // One event at a time; `into` is filled by the time of H1Event::head, and left alone after it. `input` begins with
  // what the last step did not take, and may be empty: the end of a message without a body is told without more bytes.
  // Linear in all bytes however they are cut. `fields` are without what frames the message, which `body` is. CONNECT is
  // a fault, Fault::connect, with the whole head filled in.
  H1Step read(std::span<const std::uint8_t> input, Request& into);

  bool is_between_messages() const;  // nothing of a next one has come, but for an empty line
  Fault fault() const;
  // Of a fault in the first line: "HTTP/" is there, so that it is no other protocol's.
  bool says_http() const;
  const Fields& trailers() const;  // after `end`; until the next read

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

class H1ResponseReader {
 public:
  explicit H1ResponseReader(const H1Limits& limits = {});
  ~H1ResponseReader();
  H1ResponseReader(H1ResponseReader&&) noexcept;
  H1ResponseReader& operator=(H1ResponseReader&&) noexcept;

  // Before the final response to a request is read: its method tells whether a body comes (RFC 9112, 6.3). An
  // informational one is a message of its own: head, then end.
  void expect(bool to_head);
  // As above. A Content-Length stays among `fields` where no body comes and it is told all the same: in a response to
  // HEAD and in a 304. In a 1xx and a 204 it means nothing and is dropped, as Transfer-Encoding is in all of them.
  H1Step read(std::span<const std::uint8_t> input, Response& into);
  // The connection's end came. H1Event::end where it delimits the body, a fault inside a message, H1Event::need_more
  // between messages.
  H1Step read_end();

  bool is_between_messages() const;
  Fault fault() const;
  const Fields& trailers() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace weir::http
