// A client's first bytes, if they are no TLS: HTTP in clear text, or neither. Pure; the bytes are hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "proxy/http/h1_reader.hpp"

namespace weir::detect {

class HttpLook {
 public:
  enum class State : std::uint8_t {
    need_more,
    http1,      // request() is there
    http2,      // by its connection preface (RFC 9113, 3.4)
    opaque,     // neither
    malformed,  // HTTP/1 by its method, its first line or its length, and wrong; or begins with blanks, or with line
                // ends without end
  };

  // `fresh`: bytes not seen yet. Not to be called again once it knows.
  State look(std::span<const std::uint8_t> fresh);

  // More than line ends and blanks came, which some send before a request, and which alone are no sign of one.
  bool has_begun() const { return has_begun_; }
  const http::Request& request() const { return request_; }

 private:
  bool can_be_method(std::span<const std::uint8_t> fresh);
  bool has_known_method() const;
  bool can_be_preface(std::span<const std::uint8_t> fresh);

  http::H1RequestReader reader_;
  http::Request request_;
  std::size_t skipped_ = 0;  // line ends and blanks before it
  bool is_indented_ = false;
  bool has_begun_ = false;
  bool is_in_method_ = true;
  bool is_preface_ = true;  // so far
  std::string method_;      // what came of it, up to the longest known
  std::size_t preface_ = 0;
};

}  // namespace weir::detect
