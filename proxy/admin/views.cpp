#include "proxy/admin/views.hpp"

#include <boost/json.hpp>

#include "proxy/flow/safe_text.hpp"
#include "proxy/flow/time_text.hpp"

namespace weir::admin {
namespace {

namespace json = boost::json;

json::object by_side(const std::array<std::uint64_t, 2>& counts) {
  return {{flow::name(flow::Side::client), counts[0]}, {flow::name(flow::Side::upstream), counts[1]}};
}

json::object tls_counters(const Totals& totals) {
  json::object causes;
  for (std::size_t i = 0; i < flow::kTlsCauses; ++i)
    causes[flow::name(static_cast<flow::TlsCause>(i))] = totals.tls_not_decrypted[i];
  return {{"decrypted", totals.tls_decrypted},
          {"resumed", by_side(totals.tls_resumed)},
          {"untrusted", totals.tls_untrusted},
          {"handshake_failed", by_side(totals.tls_handshake_failed)},
          {"not_decrypted", std::move(causes)}};
}

json::object http_counters(const Totals& totals) {
  json::object requests;
  for (std::size_t i = 0; i < flow::kRequestEnds; ++i)
    requests[flow::name(static_cast<flow::RequestEnd>(i))] = totals.requests[i];
  json::object responses;
  for (std::size_t i = 0; i < flow::kResponseClasses; ++i)
    responses[std::to_string(i + 1) + "xx"] = totals.responses[i];
  return {{"requests", std::move(requests)},
          {"responses", std::move(responses)},
          {"domain_fronting", totals.domain_fronting}};
}

json::array exceptions_array(const std::vector<TlsException>& exceptions) {
  json::array all;
  for (const auto& one : exceptions) {
    json::object object{{"cause", flow::name(one.cause)}};
    if (one.client) object["client"] = one.client->text();
    if (one.destination) object["destination"] = one.destination->text();
    object["name"] = flow::safe_text(one.name, {});
    object["reason"] = flow::sentence(one.cause);
    object["expires_in_s"] = one.left.count();
    all.push_back(std::move(object));
  }
  return all;
}

json::object tls_object(const TlsStatus& tls) {
  json::object object{{"decrypts", tls.decrypts}};
  if (tls.decrypts) {
    object["ca"] = {
        {"subject", tls.ca.subject}, {"expires", flow::time_text(tls.ca.expires)}, {"sha256", tls.ca.sha256}};
    object["leaves"] = {{"made", tls.leaves.made}, {"cache_hits", tls.leaves.hits}, {"cached", tls.leaves.kept}};
  }
  object["exceptions"] = tls.exceptions;
  object["first_exceptions"] = exceptions_array(tls.first_exceptions);
  return object;
}

json::object counters(const Totals& totals) {
  json::object object;
  object["flows_live"] = by_transport(totals.live);
  object["flows_accepted"] = by_transport(totals.accepted);
  object["flows_ended"] = totals.all_ended();
  object["errors"] = totals.errors();
  object["bytes_from_client"] = totals.bytes_from_client;
  object["bytes_to_client"] = totals.bytes_to_client;
  object["subflows_joined"] = totals.subflows_joined;
  object["subflows_closed"] = totals.subflows_closed;
  object["fallbacks"] = totals.fallbacks;
  object["accept_paused"] = totals.accept_paused;
  object["records_dropped"] = totals.records_dropped;
  object["http"] = http_counters(totals);
  object["tls"] = tls_counters(totals);
  return object;
}

}  // namespace

json::object by_transport(const std::array<std::uint64_t, 2>& counts) {
  json::object object;
  for (const auto transport : {flow::Transport::tcp, flow::Transport::mptcp}) {
    object[flow::name(transport)] = counts[static_cast<std::size_t>(transport)];
  }
  return object;
}

const char* name(Phase phase) {
  switch (phase) {
    case Phase::starting: return "starting";
    case Phase::running: return "running";
    case Phase::draining: return "draining";
  }
  return "unknown";
}

std::string why_not_ready(const Status& status) {
  if (status.phase != Phase::running) return std::string("weir is ") + name(status.phase);
  if (status.manage_network && !status.rules_installed) return "the kernel rules are not installed";
  return {};
}

std::string status_json(const Status& status, const Totals& totals, std::chrono::system_clock::time_point now) {
  using std::chrono::milliseconds;
  const auto reason = why_not_ready(status);
  json::object object;
  object["version"] = status.version;
  object["phase"] = name(status.phase);
  object["ready"] = reason.empty();
  if (!reason.empty()) object["not_ready"] = reason;
  object["started"] = flow::time_text(status.started);
  object["uptime_ms"] = std::chrono::duration_cast<milliseconds>(now - status.started).count();
  object["mptcp"] = status.mptcp;
  object["on_syn"] = status.on_syn;
  object["rules"] = status.rules;
  object["bypasses"] = status.bypasses.size();
  object["manage_network"] = status.manage_network;
  object["rules_installed"] = status.rules_installed;
  object["workers"] = status.workers;
  object["max_flows"] = status.max_flows;
  object["intercept_ports"] = json::value_from(status.intercept_ports);
  object["client_interfaces"] = json::value_from(status.client_interfaces);
  object["configuration"] = status.configuration;
  object["configuration_read"] = flow::time_text(status.configuration_read);
  if (!status.reload_refused.empty()) object["reload_refused"] = status.reload_refused;
  object["tls"] = tls_object(status.tls);
  auto all = totals;
  all.records_dropped += status.records_lost;
  object["counters"] = counters(all);
  return json::serialize(object) + "\n";
}

std::string joins_json(const JoinReport& report) {
  json::array paths;
  for (const auto& path : report.paths) {
    json::object failed;
    for (std::size_t i = 0; i < flow::kJoinCauses; ++i)
      failed[flow::name(static_cast<flow::JoinCause>(i))] = path.failed[i];
    paths.push_back({{"client", path.client.text()},
                     {"destination", path.destination.text()},
                     {"attempts", path.attempts},
                     {"joined", path.joined},
                     {"failed", std::move(failed)},
                     {"fallbacks", path.fallbacks},
                     {"sentence", flow::sentence(path, report.unknown)}});
  }
  return json::serialize(json::object{{"paths", std::move(paths)},
                                      {"kernel", json::value_from(flow::sentences(report.since_start))}}) +
         "\n";
}

std::string bypass_json(const BypassList& list) {
  json::array configured;
  for (const auto& one : list.configured)
    configured.push_back({{"name", one.name},
                          {"flows", policy::name(one.flows)},
                          {"sources", one.sources},
                          {"destinations", one.destinations},
                          {"domains", one.domains},
                          {"ports", json::value_from(one.ports)},
                          {"learn_for_s", one.learn_for.count()},
                          {"syns", one.syns}});
  json::array added;
  for (const auto& one : list.added)
    added.push_back({{"what", one.what}, {"flows", policy::name(one.flows)}, {"left_s", one.left.count()}});
  json::array learned;
  for (const auto& one : list.learned)
    learned.push_back({{"address", one.address.text()},
                       {"bypass", one.bypass},
                       {"reason", one.origin},
                       {"name", one.name},
                       {"left_s", one.left.count()}});
  json::array withheld;
  for (const auto& one : list.withheld)
    withheld.push_back({{"address", one.address.text()}, {"name", one.name}, {"left_s", one.left.count()}});
  return json::serialize(json::object{{"configured", std::move(configured)},
                                      {"added", std::move(added)},
                                      {"learned", std::move(learned)},
                                      {"withheld", std::move(withheld)},
                                      {"conflicts", list.conflicts}}) +
         "\n";
}

std::string exceptions_json(const std::vector<TlsException>& exceptions) {
  return json::serialize(json::object{{"exceptions", exceptions_array(exceptions)}}) + "\n";
}

std::string flow_json(const flow::Record& record) {
  // The record is one object; what is added goes before its closing brace.
  auto text = flow::to_json(record);
  text.pop_back();
  text += ",\"live\":true,\"idle_ms\":" + std::to_string(record.idle.count());
  text += ",\"subflows_now\":" + std::to_string(record.subflows_now) + "}";
  return text;
}

std::string flows_json(const std::vector<flow::Record>& shown, std::size_t total, std::size_t matched) {
  auto text = "{\"total\":" + std::to_string(total) + ",\"matched\":" + std::to_string(matched) + ",\"flows\":[";
  for (const auto& record : shown) {
    if (&record != &shown.front()) text += ",\n";
    text += flow_json(record);
  }
  return text + "]}\n";
}

}  // namespace weir::admin
