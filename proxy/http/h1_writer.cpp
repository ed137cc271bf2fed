#include "proxy/http/h1_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <boost/beast/http/status.hpp>

namespace weir::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append(kLineEnd);
}

void add_length(std::string& out, std::uint64_t size) {
  std::array<char, 20> digits{};
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), size).ptr;
  add_field(out, "Content-Length", {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// Those that are written by what the structs say, or not at all.
bool is_written_apart(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames{
      "connection", "content-length", "host", "keep-alive", "te", "proxy-connection", "transfer-encoding", "upgrade"};
  return std::ranges::any_of(kNames, [name](std::string_view known) { return is_named(name, known); });
}

void add_fields(std::string& out, const Fields& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (const auto field = fields[i]; !is_written_apart(field.name)) add_field(out, field.name, field.value);
}

// What Connection lists (RFC 9110, 7.6.1).
class Connection {
 public:
  void add(std::string_view option) {
    if (!options_.empty()) options_ += ", ";
    options_ += option;
  }
  // The default of a version is not said.
  void add_persistence(bool keeps_alive, Version version) {
    if (!keeps_alive)
      add("close");
    else if (version == Version::http1_0)
      add("keep-alive");
  }
  void write(std::string& out) const {
    if (!options_.empty()) add_field(out, "Connection", options_);
  }

 private:
  std::string options_;
};

// A server may want a length where content is usual (RFC 9110, 8.6), and HTTP/2 need not give one.
bool lacks_length(const Request& request) {
  return request.version == Version::http2 && request.body.kind == Body::Kind::none &&
         (request.method == "POST" || request.method == "PUT" || request.method == "PATCH");
}

H1Framing add_framing(const Request& request, std::string& out) {
  switch (request.body.kind) {
    case Body::Kind::sized: add_length(out, request.body.size); return H1Framing::sized;
    case Body::Kind::streamed: add_field(out, "Transfer-Encoding", "chunked"); return H1Framing::chunked;
    case Body::Kind::none:
      if (lacks_length(request)) add_length(out, 0);
      return H1Framing::none;
    case Body::Kind::tunnel: break;
  }
  return H1Framing::tunnel;
}

std::string_view reason(unsigned status) {
  if (status == 103) return "Early Hints";  // which Beast does not know
  const auto known = boost::beast::http::int_to_status(status);
  if (known == boost::beast::http::status::unknown) return {};
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

void add_status_line(std::string& out, unsigned status) {
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason(status)).append(kLineEnd);
}

// Nothing follows the head, whatever it says (RFC 9112, 6.3).
bool has_no_body(const Response& response, const H1Reader& client) {
  return client.to_head || response.status < 200 || response.status == 204 || response.status == 304;
}

// What the head tells of a body that does not come: only that of HEAD and 304 may have been there (RFC 9110, 8.6).
void add_told_framing(const Response& response, const H1Reader& client, std::string& out) {
  if (response.status < 200 || response.status == 204) return;
  if (response.body.kind == Body::Kind::sized)
    add_length(out, response.body.size);
  else if (const auto length = response.fields.get("content-length"); !length.empty())
    add_field(out, "Content-Length", length);
  else if (response.body.kind == Body::Kind::streamed && client.version != Version::http1_0)
    add_field(out, "Transfer-Encoding", "chunked");
}

H1Framing add_framing(const Response& response, const H1Reader& client, std::string& out) {
  if (response.body.kind == Body::Kind::tunnel) return H1Framing::tunnel;
  if (has_no_body(response, client)) {
    add_told_framing(response, client, out);
    return H1Framing::none;
  }
  if (response.body.kind == Body::Kind::streamed) {
    if (client.version == Version::http1_0) return H1Framing::until_close;
    add_field(out, "Transfer-Encoding", "chunked");
    return H1Framing::chunked;
  }
  add_length(out, response.body.size);
  return response.body.kind == Body::Kind::sized ? H1Framing::sized : H1Framing::none;
}

}  // namespace

H1Framing write_head(const Request& request, std::string& out) {
  const bool is_old = request.version == Version::http1_0;
  out.append(request.method).append(" ").append(request.target).append(is_old ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  if (!is_old || !request.authority.empty()) add_field(out, "Host", request.authority);
  add_fields(out, request.fields);
  const auto framing = add_framing(request, out);
  Connection connection;
  connection.add_persistence(request.keeps_alive, request.version);
  if (!request.upgrade.empty()) {
    connection.add("Upgrade");
    add_field(out, "Upgrade", request.upgrade);
  }
  if (request.fields.lists("te", "trailers")) {
    connection.add("TE");
    add_field(out, "TE", "trailers");
  }
  connection.write(out);
  out.append(kLineEnd);
  return framing;
}

H1Framing write_head(const Response& response, const H1Reader& client, std::string& out) {
  add_status_line(out, response.status);
  add_fields(out, response.fields);
  const auto framing = add_framing(response, client, out);
  Connection connection;
  if (response.status == 101) {
    connection.add("Upgrade");
    add_field(out, "Upgrade", response.upgrade);
  } else if (!response.is_informational()) {
    connection.add_persistence(response.keeps_alive && framing != H1Framing::until_close, client.version);
  }
  connection.write(out);
  out.append(kLineEnd);
  return framing;
}

void write_chunk_head(std::size_t size, std::string& out) {
  std::array<char, 16> digits{};
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data())).append(kLineEnd);
}

void write_last_chunk(const Fields& trailers, std::string& out) {
  out.append("0\r\n");
  for (std::size_t i = 0; i < trailers.size(); ++i)
    if (const auto field = trailers[i]; may_be_trailer(field.name)) add_field(out, field.name, field.value);
  out.append(kLineEnd);
}

}  // namespace weir::http
