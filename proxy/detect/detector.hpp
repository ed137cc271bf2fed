// A client's first bytes → what it speaks, and what it says of where it wants to go. Pure; the bytes are hostile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "proxy/detect/http_look.hpp"
#include "tls/client_hello_reader.hpp"

namespace weir::detect {

enum class Protocol : std::uint8_t {
  need_more,
  tls,        // hello() is there
  http1,      // request() is there; a CONNECT, too
  http2,      // in clear text
  opaque,     // none of these
  malformed,  // begins as TLS or HTTP/1 and is then not what it may be; refusal() says what to tell a TLS client
};

class Detector {
 public:
  // `fresh`: bytes not seen yet. Once there is an answer it stays.
  Protocol look(std::span<const std::uint8_t> fresh);

  Protocol protocol() const { return protocol_; }
  // Something came that looks like TLS or HTTP, and its end did not: worth a longer wait than for a client that is
  // silent.
  bool has_begun() const { return protocol_ == Protocol::need_more && begun_ && (!http_ || http_->has_begun()); }
  const tls::ClientHello& hello() const { return hello_.hello(); }
  const http::Request& request() const { return http_->request(); }
  // Of malformed TLS; none where it is HTTP.
  const std::optional<tls::Refusal>& refusal() const { return hello_.refusal(); }

 private:
  Protocol look_at_http(std::span<const std::uint8_t> fresh);

  tls::ClientHelloReader hello_;
  std::unique_ptr<HttpLook> http_;  // once it is no TLS
  Protocol protocol_ = Protocol::need_more;
  bool begun_ = false;
};

}  // namespace weir::detect
