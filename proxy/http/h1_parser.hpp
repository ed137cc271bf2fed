// Beast's parser of HTTP/1 messages, with callbacks that fill a Request or a Response and refuse what frames or routes
// a message in more than one way. For the readers only: what it is fed was scanned before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "proxy/http/fault.hpp"
#include "proxy/http/message.hpp"

namespace weir::http {

namespace beast = boost::beast;

template <bool is_request>
class H1Parser : public beast::http::basic_parser<is_request> {
 public:
  // A whole head, all that is between the data of two chunks, or some of a body. How much of it was taken.
  std::size_t take(std::span<const std::uint8_t> bytes);

  Fault fault() const { return fault_; }
  std::span<const std::uint8_t> body() const { return body_; }  // what the last call of take() had of it
  bool is_in_chunk() const { return is_in_chunk_; }             // more of its data is to come

 protected:
  using Error = beast::error_code;
  using Text = beast::string_view;
  using Name = beast::http::field;

  explicit H1Parser(Fields& trailers) : trailers_(trailers) {
    this->body_limit(boost::none);
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
  }

  static std::string_view view(Text text) { return {text.data(), text.size()}; }
  static void take_version(int version, Version& into) { into = version == 10 ? Version::http1_0 : Version::http1_1; }

  void fail(Fault fault, Error& error) {
    fault_ = fault;
    error = beast::http::error::bad_field;
  }

  // Each field but those that frame the message.
  virtual void take_field(Name name, std::string_view name_text, std::string_view value) = 0;
  virtual Fault end_head() = 0;

  bool has_length() const { return has_length_; }
  std::uint64_t length() const { return length_; }
  Body body_of_fields() const;
  // What Connection says (RFC 9112, 9.3).
  bool keeps_alive(Version version) const { return !says_close_ && (version == Version::http1_1 || says_keep_alive_); }
  bool says_upgrade() const { return says_upgrade_; }

 private:
  void on_request_impl(beast::http::verb, Text, Text, int, Error&) override {}
  void on_response_impl(int, Text, int, Error&) override {}
  void on_field_impl(Name name, Text name_text, Text value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text body, Error&) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Error&) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, Text body, Error&) override;
  void on_finish_impl(Error&) override {}

  void take_trailer(std::string_view name, std::string_view value, Error& error);
  void take_length(std::string_view value, Error& error);
  void take_transfer_encoding(std::string_view value, Error& error);
  void take_connection(std::string_view value);
  Fault fault_of(const Error& error) const;

  Fields& trailers_;
  std::span<const std::uint8_t> body_;
  std::uint64_t length_ = 0;
  bool has_length_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  bool says_upgrade_ = false;
  bool is_behind_head_ = false;
  bool is_in_chunk_ = false;
  bool is_in_trailers_ = false;
  Fault fault_ = Fault::none;
};

class H1RequestParser final : public H1Parser<true> {
 public:
  // `into` is used until the head is over.
  H1RequestParser(Fields& trailers, Request& into) : H1Parser(trailers), into_(into) {}

 private:
  void on_request_impl(beast::http::verb, Text method, Text target, int version, Error&) override;
  void take_field(Name name, std::string_view name_text, std::string_view value) override;
  Fault end_head() override;

  Request& into_;
  unsigned hosts_ = 0;
};

class H1ResponseParser final : public H1Parser<false> {
 public:
  H1ResponseParser(Fields& trailers, Response& into, bool to_head)
      : H1Parser(trailers), into_(into), to_head_(to_head) {
    this->skip(to_head);
  }

 private:
  void on_response_impl(int status, Text reason, int version, Error& error) override;
  void take_field(Name name, std::string_view name_text, std::string_view value) override;
  Fault end_head() override;
  bool has_no_body() const;

  Response& into_;
  bool to_head_;
};

}  // namespace weir::http
