#include "proxy/http/field_edits.hpp"

#include <algorithm>

namespace weir::http {
namespace {

using Set = std::vector<policy::HeaderEdits::Field>;

void edit(Fields& fields, const std::vector<std::string>& removed, const Set& set) {
  for (const auto& name : removed) fields.remove(name);
  for (const auto& [name, value] : set) fields.set(name, value);
}

void take_out(Fields& fields, const std::vector<std::string>& removed, const Set& set) {
  for (const auto& name : removed) fields.remove(name);
  for (const auto& one : set)
    fields.remove_if([&](const HeaderField& field) { return same_text(field.name, one.first); });
}

// Where the first element of a list ends: at a comma outside of quotes.
std::size_t element_size(std::string_view list) {
  bool quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (quoted && list[i] == '\\')
      ++i;
    else if (list[i] == '"')
      quoted = !quoted;
    else if (list[i] == ',' && !quoted)
      return i;
  }
  return list.size();
}

// "h3", and the drafts' "h3-29".
bool is_http3(std::string_view element) {
  const auto protocol = element.substr(0, element.find('='));
  return protocol == "h3" || protocol.starts_with("h3-");
}

std::string without_http3(std::string_view list) {
  std::string kept;
  while (!list.empty()) {
    const auto size = element_size(list);
    const auto element = trimmed(list.substr(0, size));
    list.remove_prefix(std::min(size + 1, list.size()));
    if (element.empty() || is_http3(element)) continue;
    if (!kept.empty()) kept += ", ";
    kept += element;
  }
  return kept;
}

std::string joined(const Fields& fields, std::string_view name, std::string_view separator) {
  std::string all;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_named(fields[i].name, name)) continue;
    if (!all.empty()) all += separator;
    all += fields[i].value;
  }
  return all;
}

}  // namespace

void edit(Request& request, const policy::HeaderEdits& edits) {
  edit(request.fields, edits.remove_request, edits.set_request);
}

void edit(Response& response, const policy::HeaderEdits& edits) {
  edit(response.fields, edits.remove_response, edits.set_response);
}

void edit_request_trailers(Fields& trailers, const policy::HeaderEdits& edits) {
  take_out(trailers, edits.remove_request, edits.set_request);
}

void edit_beside_response(Fields& fields, const policy::HeaderEdits& edits) {
  take_out(fields, edits.remove_response, edits.set_response);
}

void remove_http3_alternatives(Fields& fields) {
  if (!fields.contains("alt-svc")) return;
  const auto all = joined(fields, "alt-svc", ", ");
  const auto kept = without_http3(all);
  if (kept.empty())
    fields.remove("alt-svc");
  else if (kept != all)
    fields.set("alt-svc", kept);
}

void add_via(Fields& fields, Version received) {
  fields.add("via", received == Version::http2 ? "2 weir" : received == Version::http1_0 ? "1.0 weir" : "1.1 weir");
}

void add_forwarded(Request& request, std::string_view client, std::string_view scheme) {
  const bool is_v6 = client.find(':') != std::string_view::npos;
  std::string value("for=");
  value += is_v6 ? "\"[" + std::string(client) + "]\"" : std::string(client);
  // An authority is checked; with a port or brackets it is no token and goes in quotes.
  if (!request.authority.empty()) value += ";host=\"" + request.authority + '"';
  value.append(";proto=").append(scheme);
  request.fields.add("forwarded", value);
}

void join_cookies(Fields& fields) {
  if (fields.count("cookie") < 2) return;
  fields.set("cookie", joined(fields, "cookie", "; "));
}

}  // namespace weir::http
