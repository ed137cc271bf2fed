#include "proxy/flow/request_record.hpp"

#include <array>

#include <boost/json.hpp>

#include "proxy/flow/safe_text.hpp"
#include "proxy/flow/time_text.hpp"

namespace weir::flow {
namespace {

namespace json = boost::json;

// A name and a password before the host (RFC 3986, 3.2.1).
std::string_view without_user(std::string_view authority) { return authority.substr(authority.rfind('@') + 1); }

// As the request names its resource; a target that is no path ("*", or a malformed one) names none. Where no authority
// was given, it is the flow's destination.
std::string url(const RequestRecord& record, bool with_query) {
  std::string text(record.scheme.empty() ? "http" : record.scheme);
  text += "://";
  const auto authority = without_user(record.authority);
  text += authority.empty() ? record.of->destination.text() : std::string(authority);
  if (record.target.starts_with('/'))
    text += with_query ? record.target : record.target.substr(0, record.target.find('?'));
  return text;
}

const char* disposition(const RequestRecord& record) {
  if (record.end == RequestEnd::blocked) return name(Disposition::block);
  if (record.end == RequestEnd::reset) return name(Disposition::reset);
  return name(record.of->disposition);
}

void add_flow(json::object& object, const RequestRecord& record) {
  object["flow"] = id_text(record.flow);
  object["stream"] = record.stream;
  object["started"] = time_text(record.started);
  object["client"] = record.of->client.text();
  object["destination"] = record.of->destination.text();
  object["transport"] = name(record.of->transport);
  object["disposition"] = disposition(record);
}

void add_exchange(json::object& object, const RequestRecord& record, bool with_query, const json::storage_ptr& memory) {
  object["version"] = safe_text(record.version, memory);
  object["method"] = safe_text(record.method, memory);
  object["url"] = safe_text(url(record, with_query), memory);
  if (record.status)
    object["status"] = *record.status;
  else
    object["status"] = nullptr;
  object["request_bytes"] = record.request_bytes;
  object["response_bytes"] = record.response_bytes;
  if (record.first_byte)
    object["first_byte_us"] = record.first_byte->count();
  else
    object["first_byte_us"] = nullptr;
  object["last_byte_us"] = record.last_byte.count();
}

}  // namespace

const char* name(RequestEnd end) {
  switch (end) {
    case RequestEnd::finished: return "finished";
    case RequestEnd::blocked: return "blocked";
    case RequestEnd::reset: return "reset";
    case RequestEnd::malformed: return "malformed";
    case RequestEnd::timeout: return "timeout";
    case RequestEnd::cancelled: return "cancelled";
    case RequestEnd::aborted: return "aborted";
    case RequestEnd::limit: return "limit";
  }
  return "unknown";
}

std::string to_json(const RequestRecord& record, bool with_query) {
  // One is made at every request's end, on the worker: but for a long URL it fits the stack.
  std::array<unsigned char, 4096> stack;  // NOLINT(cppcoreguidelines-pro-type-member-init): scratch
  json::monotonic_resource memory(stack.data(), stack.size());
  json::object object(&memory);
  object.reserve(24);
  add_flow(object, record);
  add_exchange(object, record, with_query, &memory);
  object["rule"] = safe_or_null(record.rule, &memory);
  object["end"] = name(record.end);
  if (!record.fault.empty()) object["fault"] = safe_text(record.fault, &memory);
  if (!record.cause.empty()) object["cause"] = safe_text(record.cause, &memory);
  if (record.fronting) object["domain_fronting"] = true;
  if (record.name_confirmed) object["name_confirmed"] = *record.name_confirmed;
  return json::serialize(object);
}

}  // namespace weir::flow
