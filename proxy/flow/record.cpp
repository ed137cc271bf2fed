#include "proxy/flow/record.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include <boost/json.hpp>

#include "proxy/flow/safe_text.hpp"
#include "proxy/flow/time_text.hpp"

namespace weir::flow {
namespace {

namespace json = boost::json;

json::object path_object(const Path& path, const json::storage_ptr& memory) {
  json::object object(memory);
  object["client"] = path.client.text();
  object["local"] = path.local.text();
  object["bytes_from_client"] = path.bytes_from_client;
  object["bytes_to_client"] = path.bytes_to_client;
  object["round_trip_us"] = path.round_trip.count();
  object["retransmissions"] = path.retransmissions;
  object["backup"] = path.backup;
  object["live"] = path.live;
  if (path.end.empty())
    object["end"] = nullptr;
  else
    object["end"] = path.end;
  return object;
}

json::object end_object(const End& end, const json::storage_ptr& memory) {
  json::object object(memory);
  object["stage"] = name(end.stage);
  object["side"] = name(end.side);
  object["code"] = name(end.code);
  return object;
}

void add_decision(json::object& object, const Record& record, const json::storage_ptr& memory) {
  object["rule"] = safe_or_null(record.rule, memory);
  object["domain"] = safe_or_null(record.domain, memory);
  if (record.encrypted_client_hello) object["encrypted_client_hello"] = true;
  if (record.alpn_offered.empty()) return;
  json::array offered(memory);
  for (const auto& protocol : record.alpn_offered) offered.push_back(safe_text(protocol, memory));
  object["alpn_offered"] = std::move(offered);
}

json::object leg_object(const TlsLeg& leg, const json::storage_ptr& memory) {
  json::object object(memory);
  object["version"] = leg.version;
  object["cipher"] = leg.cipher;
  object["group"] = safe_or_null(leg.group, memory);
  object["resumed"] = leg.resumed;
  return object;
}

void add_tls(json::object& object, const Record& record, const json::storage_ptr& memory) {
  if (!record.tls) return;
  const auto& tls = *record.tls;
  object["alpn"] = safe_or_null(tls.alpn, memory);
  json::object shown(memory);
  if (tls.client) shown["client"] = leg_object(*tls.client, memory);
  if (tls.upstream) shown["upstream"] = leg_object(*tls.upstream, memory);
  if (!tls.not_decrypted.empty()) shown["not_decrypted"] = tls.not_decrypted;
  if (!tls.faults.empty()) {
    json::array faults(memory);
    for (const auto& fault : tls.faults) faults.push_back(json::value(fault, memory));
    shown["faults"] = std::move(faults);
  }
  if (!tls.detail.empty()) shown["detail"] = safe_text(tls.detail, memory);
  if (tls.leaf_mirrors_faults) shown["mirrored"] = true;
  if (tls.truncated) shown["truncated"] = name(*tls.truncated);
  object["tls"] = std::move(shown);
}

void add_upstream(json::object& object, const Record& record) {
  if (!record.upstream_from) {
    object["upstream"] = nullptr;  // never dialled
    return;
  }
  object["upstream"] = record.destination.text();
  object["upstream_from"] = record.upstream_from->text();
  if (record.connect_time) object["connect_us"] = record.connect_time->count();
}

void add_mptcp(json::object& object, const Record& record, const json::storage_ptr& memory) {
  if (record.transport != Transport::mptcp) return;
  json::array paths(memory);
  for (const auto& path : record.paths) paths.push_back(path_object(path, memory));
  object["paths"] = std::move(paths);
  if (record.paths_left_out > 0) object["paths_left_out"] = record.paths_left_out;
  object["fallback"] = record.fallback;
  if (record.token) object["token"] = *record.token;
}

}  // namespace

std::string id_text(std::uint64_t id) {
  std::array<char, 17> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%016llx", static_cast<unsigned long long>(id));
  return buffer.data();
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
  constexpr int kHexadecimal = 16;
  std::uint64_t id = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, id, kHexadecimal);
  if (text.size() != 16 || error != std::errc{} || end != last) return std::nullopt;
  return id;
}

const char* name(Transport transport) { return transport == Transport::mptcp ? "mptcp" : "tcp"; }

const char* name(Disposition disposition) {
  switch (disposition) {
    case Disposition::direct: return "direct";
    case Disposition::splice: return "splice";
    case Disposition::inspect: return "inspect";
    case Disposition::decrypt: return "decrypt";
    case Disposition::block: return "block";
    case Disposition::reset: return "reset";
  }
  return "unknown";
}

std::string to_json(const Record& record) {
  // A record fits the stack: one is made at every flow's end, on the worker.
  std::array<unsigned char, 4096> stack;  // NOLINT(cppcoreguidelines-pro-type-member-init): scratch
  json::monotonic_resource memory(stack.data(), stack.size());
  json::object object(&memory);
  object.reserve(32);
  object["id"] = id_text(record.id);
  object["started"] = time_text(record.started);
  object["duration_ms"] = record.duration.count();
  object["client"] = record.client.text();
  object["destination"] = record.destination.text();
  object["transport"] = name(record.transport);
  object["subflows"] = record.subflows;
  object["disposition"] = name(record.disposition);
  add_decision(object, record, &memory);
  add_tls(object, record, &memory);
  if (record.reads_requests()) object["requests"] = record.requests;
  object["bytes_from_client"] = record.bytes_from_client;
  object["bytes_to_client"] = record.bytes_to_client;
  add_upstream(object, record);
  if (record.end) {
    object["end"] = end_object(*record.end, &memory);
    if (record.end->error)
      object["error"] = record.end->error.message();
    else
      object["error"] = nullptr;
  }
  add_mptcp(object, record, &memory);
  return json::serialize(object);
}

}  // namespace weir::flow
