// The head of an HTTP/1.1 request as it comes, by Beast's parser (RFC 9112). Pure: takes bytes, knows no socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/facts.hpp"

namespace weir::http {

class RequestHead {
 public:
  enum class State : std::uint8_t {
    need_more,
    done,
    not_http,
    malformed,  // a request line, and then what no request has
    too_large,
  };
  static constexpr std::size_t kLargest = 64 * 1024;

  RequestHead();
  RequestHead(RequestHead&&) noexcept;
  RequestHead& operator=(RequestHead&&) noexcept;
  ~RequestHead();

  // All bytes from the connection's first; called again with more of them after need_more. Linear in all.
  State parse(std::span<const std::uint8_t> all);

  // Once done. Views live as long as this object.
  std::string_view method() const { return method_; }
  std::string_view path() const { return path_; }       // without the query; empty for CONNECT and "*"
  std::string_view host() const { return host_; }       // of the target where it has one, else of Host; with its port
  std::string_view field(std::string_view name) const;  // the first of that name; empty where there is none
  std::span<const policy::HeaderField> fields() const { return fields_; }

 private:
  struct Parser;
  void take_target(std::string_view target);
  State finish();

  std::unique_ptr<Parser> parser_;
  std::string_view method_;
  std::string_view path_;
  std::string_view host_;
  std::vector<policy::HeaderField> fields_;
};

}  // namespace weir::http
