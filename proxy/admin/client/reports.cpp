#include "proxy/admin/client/reports.hpp"

#include <boost/json.hpp>

#include "proxy/admin/client/json_member.hpp"
#include "proxy/admin/client/terminal.hpp"

namespace weir::admin {
namespace {

namespace json = boost::json;

std::string bytes(const json::value& object, std::string_view name) { return human_bytes(number(object, name)); }

std::string duration(const json::value& object, std::string_view name) {
  return human_duration(std::chrono::milliseconds(number(object, name)));
}

std::string pairs(const std::vector<std::pair<std::string, std::string>>& lines) {
  constexpr std::size_t kNameWidth = 20;
  std::string result;
  for (const auto& [name, value] : lines) {
    result += name + std::string(kNameWidth - name.size(), ' ') + terminal_safe(value) + "\n";
  }
  return result;
}

bool is_mptcp(const json::value& flow) { return text(flow, "transport") == "mptcp"; }

std::string transport(const json::value& flow) {
  if (!is_mptcp(flow)) return "TCP";
  return flag(flow, "fallback") ? "MPTCP, fell back to TCP" : "MPTCP";
}

// Who decided what becomes of a flow.
std::string decided_by(const json::value& flow) {
  const auto who = text(flow, "rule");
  if (who == "-" || who.empty()) return "the defaults";
  return who.starts_with("bypass ") ? who : "rule " + who;
}

std::string name_of(const json::value& flow) {
  return text(flow, "domain") + (flag(flow, "encrypted_client_hello") ? " (outer name of an encrypted hello)" : "");
}

std::string round_trip(const json::value& path) {
  const auto tenths = (number(path, "round_trip_us") + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

std::string path_state(const json::value& path) {
  if (!flag(path, "live")) return "ended: " + text(path, "end");
  return flag(path, "backup") ? "backup" : "live";
}

std::string paths_table(const json::array& paths) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& path : paths) {
    rows.push_back({text(path, "client"), text(path, "local"), bytes(path, "bytes_from_client"),
                    bytes(path, "bytes_to_client"), round_trip(path), text(path, "retransmissions"), path_state(path)});
  }
  return table({{"SUBFLOW FROM"},
                {"TO"},
                {"FROM CLIENT", true},
                {"TO CLIENT", true},
                {"ROUND TRIP", true},
                {"RETRANSMITTED", true},
                {"STATE"}},
               rows);
}

std::string shown_of(std::size_t shown, std::uint64_t matched, std::uint64_t total) {
  auto line = std::to_string(shown) + (shown == 1 ? " flow" : " flows");
  if (shown < matched) line += " of " + std::to_string(matched) + " (see --limit)";
  if (matched < total) line += ", " + std::to_string(total) + " live in all";
  return line + "\n";
}

std::string whom(const json::value& exception) {
  const auto& client = member(exception, "client");
  return text(exception, client.is_null() ? "destination" : "client");
}

std::string expires_in(const json::value& exception) {
  return human_duration(std::chrono::milliseconds(number(exception, "expires_in_s") * 1000));
}

std::uint64_t sum(const json::value& counts) {
  std::uint64_t all = 0;
  if (const auto* object = counts.if_object())
    for (const auto& [name, value] : *object) all += number(counts, std::string_view(name.data(), name.size()));
  return all;
}

// Of plain HTTP and of what is decrypted.
std::string requests(const json::value& http) {
  const auto& ends = member(http, "requests");
  auto line =
      std::to_string(sum(ends)) + " (" + std::to_string(number(ends, "blocked") + number(ends, "reset")) + " blocked)";
  const auto fronting = number(http, "domain_fronting");
  return fronting == 0 ? line : line + ", " + std::to_string(fronting) + " for another name than the handshake's";
}

// What of decryption is to be seen at a glance, and the first exceptions.
std::string tls_report(const json::value& tls, const json::value& counters) {
  const auto& ca = member(tls, "ca");
  const auto& resumed = member(counters, "resumed");
  const auto exceptions = number(tls, "exceptions");
  if (!flag(tls, "decrypts") && exceptions == 0) return pairs({{"decryption", "off"}});
  auto report = pairs({
      {"decryption", flag(tls, "decrypts") ? "by " + text(ca, "subject") + ", until " + text(ca, "expires") : "off"},
      {"flows decrypted", text(counters, "decrypted") + " (" + text(resumed, "client") + " resumed by the client, " +
                              text(resumed, "upstream") + " with the origin)"},
      {"not decrypted", std::to_string(sum(member(counters, "not_decrypted")))},
      {"untrusted origins", text(counters, "untrusted")},
      {"exceptions", std::to_string(exceptions) + (exceptions == 0 ? "" : ", see weir exceptions list")},
  });
  if (const auto* first = member(tls, "first_exceptions").if_array())
    for (const auto& one : *first)
      report += pairs({{"", whom(one) + ", " + text(one, "name") + ": " + text(one, "reason") + "; for another " +
                                expires_in(one)}});
  return report;
}

std::string refused(const json::value& status) {
  const bool none = member(status, "reload_refused").is_null();
  return none ? "" : "; THE LAST RELOAD WAS REFUSED: " + text(status, "reload_refused");
}

}  // namespace

std::string status_report(const json::value& status) {
  const auto& counters = member(status, "counters");
  const auto& live = member(counters, "flows_live");
  const auto& accepted = member(counters, "flows_accepted");
  const auto both = [](const json::value& counts) { return number(counts, "tcp") + number(counts, "mptcp"); };
  return pairs({
             {"weir", text(status, "version") + ", " + text(status, "phase") + ", up " + duration(status, "uptime_ms")},
             {"ready", flag(status, "ready") ? "yes" : "no: " + text(status, "not_ready")},
             {"configuration",
              text(status, "configuration") + ", read " + text(status, "configuration_read") + refused(status)},
             {"interfaces", list(status, "client_interfaces")},
             {"ports", list(status, "intercept_ports")},
             {"MPTCP", flag(status, "mptcp") ? "on SYN: " + text(status, "on_syn") : "not in this kernel: TCP only"},
             {"workers", text(status, "workers")},
             {"flows live", std::to_string(both(live)) + " of at most " + text(status, "max_flows") + " (" +
                                text(live, "mptcp") + " MPTCP, " + text(live, "tcp") + " TCP)"},
             {"flows accepted", std::to_string(both(accepted)) + " (" + text(accepted, "mptcp") + " MPTCP, " +
                                    text(accepted, "tcp") + " TCP)"},
             {"flows ended", text(counters, "flows_ended")},
             {"bytes from clients", bytes(counters, "bytes_from_client")},
             {"bytes to clients", bytes(counters, "bytes_to_client")},
             {"subflows",
              text(counters, "subflows_joined") + " joined, " + text(counters, "subflows_closed") + " closed"},
             {"fallbacks to TCP", text(counters, "fallbacks")},
             {"accept paused", text(counters, "accept_paused")},
             {"records dropped", text(counters, "records_dropped")},
             {"requests", requests(member(counters, "http"))},
         }) +
         tls_report(member(status, "tls"), member(counters, "tls"));
}

std::string flows_report(const json::value& flows) {
  std::vector<std::vector<std::string>> rows;
  if (const auto* array = member(flows, "flows").if_array()) {
    for (const auto& flow : *array) {
      rows.push_back({text(flow, "id"), text(flow, "client"), text(flow, "destination"), text(flow, "domain"),
                      text(flow, "disposition"), text(flow, "rule"), is_mptcp(flow) ? "MPTCP" : "TCP",
                      text(flow, "subflows_now"), bytes(flow, "bytes_from_client"), bytes(flow, "bytes_to_client"),
                      duration(flow, "duration_ms"), duration(flow, "idle_ms")});
    }
  }
  auto note = shown_of(rows.size(), number(flows, "matched"), number(flows, "total"));
  if (rows.empty()) return note;
  return table({{"FLOW"},
                {"CLIENT"},
                {"DESTINATION"},
                {"NAME"},
                {"DISPOSITION"},
                {"RULE"},
                {"TRANSPORT"},
                {"SUBFLOWS", true},
                {"FROM CLIENT", true},
                {"TO CLIENT", true},
                {"AGE", true},
                {"IDLE", true}},
               rows) +
         note;
}

namespace {

std::string tls_leg(const json::value& leg) {
  auto words = text(leg, "version") + ", " + text(leg, "cipher");
  if (member(leg, "group").is_string()) words += ", " + text(leg, "group");
  return words + (flag(leg, "resumed") ? ", resumed" : "");
}

std::string tls_of(const json::value& flow) {
  const auto& tls = member(flow, "tls");
  std::string report;
  for (const auto& [name, title] : {std::pair("client", "TLS with client"), std::pair("upstream", "TLS with origin")})
    if (member(tls, name).is_object()) report += pairs({{title, tls_leg(member(tls, name))}});
  if (member(flow, "alpn").is_string()) report += pairs({{"protocol (ALPN)", text(flow, "alpn")}});
  for (const auto& [name, title] : {std::pair("not_decrypted", "not decrypted"), std::pair("detail", "TLS detail")})
    if (member(tls, name).is_string()) report += pairs({{title, text(tls, name)}});
  return report;
}

}  // namespace

std::string flow_report(const json::value& flow) {
  auto report = pairs({
      {"flow", text(flow, "id")},
      {"client", text(flow, "client")},
      {"destination", text(flow, "destination")},
      {"transport", transport(flow)},
      {"name", name_of(flow)},
      {"disposition", text(flow, "disposition")},
      {"decided by", decided_by(flow)},
      {"started", text(flow, "started")},
      {"age", duration(flow, "duration_ms")},
      {"idle", duration(flow, "idle_ms")},
      {"bytes from client", bytes(flow, "bytes_from_client")},
      {"bytes to client", bytes(flow, "bytes_to_client")},
      {"upstream", text(flow, "upstream")},
      {"dialled from", text(flow, "upstream_from")},
  });
  report += tls_of(flow);
  if (!member(flow, "requests").is_null()) report += pairs({{"requests", text(flow, "requests")}});
  const auto* paths = member(flow, "paths").if_array();
  if (paths == nullptr) return report;
  report += pairs({{"subflows", text(flow, "subflows_now") + " now, " + text(flow, "subflows") + " at most"}});
  return paths->empty() ? report : report + "\n" + paths_table(*paths);
}

namespace {

std::string left(const json::value& entry) {
  return human_duration(std::chrono::milliseconds(number(entry, "left_s") * 1000));
}

// A table under its title; nothing where the list is empty.
std::string titled(const std::string& title, const std::vector<Column>& columns,
                   const std::vector<std::vector<std::string>>& rows) {
  return rows.empty() ? "" : title + "\n" + table(columns, rows) + "\n";
}

}  // namespace

std::string bypass_report(const json::value& list_of_all) {
  auto report = titled("In the configuration",
                       {{"NAME"}, {"FLOWS"}, {"PREFIXES", true}, {"DOMAINS"}, {"PORTS"}, {"SYNS DIRECT", true}},
                       rows_of(list_of_all, "configured", [](const json::value& entry) -> std::vector<std::string> {
                         const auto ports = list(entry, "ports");
                         return {text(entry, "name"),           text(entry, "flows"),
                                 text(entry, "destinations"),   flag(entry, "domains") ? "yes" : "no",
                                 ports.empty() ? "all" : ports, text(entry, "syns")};
                       }));
  report += titled("Added at run time", {{"WHAT"}, {"FLOWS"}, {"FOR", true}},
                   rows_of(list_of_all, "added", [](const json::value& entry) -> std::vector<std::string> {
                     return {text(entry, "what"), text(entry, "flows"), left(entry)};
                   }));
  report += titled(
      "Learned", {{"ADDRESS"}, {"BYPASS"}, {"REASON"}, {"NAME"}, {"FOR", true}},
      rows_of(list_of_all, "learned", [](const json::value& entry) -> std::vector<std::string> {
        return {text(entry, "address"), text(entry, "bypass"), text(entry, "reason"), text(entry, "name"), left(entry)};
      }));
  report +=
      titled("Not learned, because of another name there that must be read", {{"ADDRESS"}, {"NAME"}, {"FOR", true}},
             rows_of(list_of_all, "withheld", [](const json::value& entry) -> std::vector<std::string> {
               return {text(entry, "address"), text(entry, "name"), left(entry)};
             }));
  return report.empty() ? "the bypass list is empty\n" : report + "conflicts  " + text(list_of_all, "conflicts") + "\n";
}

std::string exceptions_report(const json::value& exceptions) {
  const auto rows = rows_of(exceptions, "exceptions", [](const json::value& one) -> std::vector<std::string> {
    return {whom(one), text(one, "name"), text(one, "cause"), expires_in(one), text(one, "reason")};
  });
  if (rows.empty()) return "there are no exceptions\n";
  return table({{"CLIENT OR ORIGIN"}, {"NAME"}, {"CAUSE"}, {"FOR", true}, {"REASON"}}, rows);
}

std::string joins_report(const json::value& joins) {
  std::string report;
  const auto lines = [&report](const json::array* array, const auto& text_of) {
    if (array == nullptr) return;
    for (const auto& one : *array) report += terminal_safe(text_of(one)) + "\n";
  };
  lines(member(joins, "paths").if_array(), [](const json::value& path) { return text(path, "sentence"); });
  if (report.empty()) report = "no join was seen since weir started\n";
  const auto* kernel = member(joins, "kernel").if_array();
  if (kernel == nullptr || kernel->empty()) return report;
  report += "the kernel counted since weir started, on all paths:\n";
  lines(kernel,
        [](const json::value& one) { return "  " + std::string(one.is_string() ? one.get_string().c_str() : ""); });
  return report;
}

std::string problem_report(unsigned status, std::string_view body) {
  boost::system::error_code error;
  const auto problem = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !member(problem, "detail").is_string())
    return "weir answered with HTTP status " + std::to_string(status);
  auto report = terminal_safe(text(problem, "detail"));
  if (const auto* problems = member(problem, "problems").if_array()) {
    for (const auto& one : *problems) {
      auto place = text(one, "file");
      if (number(one, "line") > 0) place += ":" + text(one, "line") + ":" + text(one, "column");
      report += "\n" + terminal_safe(place + ": error: " + text(one, "message"));
    }
  }
  return report;
}

}  // namespace weir::admin
