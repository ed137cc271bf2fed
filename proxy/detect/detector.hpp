// A client's first bytes → what it speaks, and what it says of where it wants to go. Pure; the bytes are hostile.
#pragma once

#include <cstdint>
#include <span>

#include "proxy/http/request_head.hpp"
#include "tls/client_hello_reader.hpp"

namespace weir::detect {

enum class Protocol : std::uint8_t {
  need_more,
  tls,        // hello() is there
  http1,      // request() is there
  opaque,     // neither
  malformed,  // begins as TLS or HTTP/1 and is then not what it may be; refusal() says what to tell a TLS client
};

class Detector {
 public:
  // `fresh`: bytes not seen yet. `all`: those and what came before, from the connection's first; a hello is read
  // without them. Once there is an answer it stays.
  Protocol look(std::span<const std::uint8_t> fresh, std::span<const std::uint8_t> all);

  Protocol protocol() const { return protocol_; }
  // Something came that looks like TLS or HTTP, and its end did not: worth a longer wait than for a client that is
  // silent.
  bool has_begun() const { return protocol_ == Protocol::need_more && begun_; }
  const tls::ClientHello& hello() const { return hello_.hello(); }
  const http::RequestHead& request() const { return request_; }
  // Of malformed TLS; none where it is HTTP.
  const std::optional<tls::Refusal>& refusal() const { return hello_.refusal(); }

 private:
  Protocol look_at_http(std::span<const std::uint8_t> all);

  tls::ClientHelloReader hello_;
  http::RequestHead request_;
  Protocol protocol_ = Protocol::need_more;
  bool begun_ = false;
};

}  // namespace weir::detect
