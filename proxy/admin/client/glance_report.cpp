#include "proxy/admin/client/glance_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <utility>

#include <boost/json.hpp>

#include "proxy/admin/client/json_member.hpp"
#include "proxy/admin/client/terminal.hpp"

namespace weir::admin {
namespace {

namespace json = boost::json;
using Lines = std::vector<GlanceLine>;
using Rows = std::vector<std::vector<std::string>>;

std::string with_tenth(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f", value);
  return buffer.data();
}

std::uint64_t both(const json::value& counts) { return number(counts, "tcp") + number(counts, "mptcp"); }

std::string per_second(const Glimpse& glimpse, std::uint64_t amount) {
  return with_tenth(static_cast<double>(amount) / static_cast<double>(glimpse.interval)) + "/s";
}

std::string bytes_per_second(const Glimpse& glimpse, std::string_view name) {
  return human_bytes(number(glimpse.sample, name) / glimpse.interval) + "/s";
}

// "3 splice, 0 decrypt"
std::string counts(const json::value& object, bool with_zeros) {
  std::string list;
  if (const auto* members = object.if_object())
    for (const auto& [key, value] : *members) {
      const auto count = number(object, key);
      if (count == 0 && !with_zeros) continue;
      list += (list.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(key);
    }
  return list;
}

void add(Lines& lines, std::string_view name, const std::string& value) {
  constexpr std::size_t kNameWidth = 10;
  lines.push_back({std::string(name) + std::string(kNameWidth - name.size(), ' ') + terminal_safe(value)});
}

void add_health(Lines& lines, const Glimpse& glimpse) {
  const auto& status = glimpse.status;
  if (status.is_object()) {
    const auto up = human_duration(std::chrono::milliseconds(number(status, "uptime_ms")));
    lines.push_back(
        {terminal_safe("weir " + text(status, "version") + ", " + text(status, "phase") + ", up " + up), true});
    if (!flag(status, "ready")) lines.push_back({terminal_safe("NOT READY: " + text(status, "not_ready")), true});
    if (!member(status, "reload_refused").is_null())
      lines.push_back({terminal_safe("LAST RELOAD REFUSED: " + text(status, "reload_refused")), true});
    if (!flag(status, "mptcp")) lines.push_back({"this kernel has no MPTCP: all flows are plain TCP"});
  }
  if (glimpse.trouble.empty()) return;
  std::istringstream trouble(glimpse.trouble);
  for (std::string line; std::getline(trouble, line);) lines.push_back({terminal_safe(line), true});
}

void add_rates(Lines& lines, const Glimpse& glimpse) {
  const auto& sample = glimpse.sample;
  const auto& live = member(member(glimpse.status, "counters"), "flows_live");
  add(lines, "flows",
      std::to_string(both(live)) + " live of at most " + text(glimpse.status, "max_flows") + " (" +
          std::to_string(number(live, "mptcp")) + " MPTCP), " +
          per_second(glimpse, both(member(sample, "flows_accepted"))) + " new");
  add(lines, "rates",
      per_second(glimpse, number(sample, "requests")) + " requests, " + per_second(glimpse, number(sample, "errors")) +
          " errors, " + per_second(glimpse, number(sample, "subflows_joined")) + " subflows joined");
  add(lines, "bytes",
      bytes_per_second(glimpse, "bytes_from_client") + " from clients, " +
          bytes_per_second(glimpse, "bytes_to_client") + " to clients");
}

std::string subflows_text(const json::value& summary) {
  std::string list;
  if (const auto* array = member(summary, "subflows").if_array())
    for (const auto& one : *array)
      if (const auto flows = number(one, "flows"); flows > 0)
        list += (list.empty() ? "" : ", ") + std::to_string(flows) + " with " + text(one, "subflows");
  return list.empty() ? "" : "; subflows: " + list;
}

void add_mptcp(Lines& lines, const Glimpse& glimpse) {
  const auto& accepted = member(member(glimpse.status, "counters"), "flows_accepted");
  const auto all = both(accepted);
  if (all == 0) return add(lines, "MPTCP", "no flow yet");
  const auto share = 100.0 * static_cast<double>(number(accepted, "mptcp")) / static_cast<double>(all);
  add(lines, "MPTCP", with_tenth(share) + " % of the flows accepted" + subflows_text(glimpse.summary));
}

void add_tls(Lines& lines, const Glimpse& glimpse) {
  if (!flag(member(glimpse.status, "tls"), "decrypts")) return add(lines, "TLS", "decryption is off");
  const auto& counters = member(member(glimpse.status, "counters"), "tls");
  auto line = text(counters, "decrypted") + " decrypted, " + text(counters, "untrusted") + " untrusted origins";
  if (const auto failed = counts(member(counters, "handshake_failed"), false); !failed.empty())
    line += "; handshakes failed: " + failed;
  if (const auto causes = counts(member(counters, "not_decrypted"), false); !causes.empty())
    line += "; not decrypted: " + causes;
  add(lines, "TLS", line);
}

struct Table {
  std::vector<Column> columns;
  Rows rows;
};

std::vector<Table> tables_of(const json::value& summary, std::size_t columns) {
  constexpr std::size_t kNumbers = 46;  // what the columns beside a name may take
  const auto name = [&](const json::value& one, std::string_view key) {
    return cut(text(one, key), std::max<std::size_t>(columns, kNumbers + 16) - kNumbers);
  };
  const auto bytes = [](const json::value& one, std::string_view key) { return human_bytes(number(one, key)); };
  std::vector<Table> all;
  all.push_back({{{"TOP DOMAINS"}, {"FLOWS", true}, {"REQUESTS", true}, {"FROM CLIENT", true}, {"TO CLIENT", true}},
                 rows_of(summary, "domains", [&](const json::value& one) -> std::vector<std::string> {
                   return {name(one, "name"), text(one, "flows"), text(one, "requests"),
                           bytes(one, "bytes_from_client"), bytes(one, "bytes_to_client")};
                 })});
  all.push_back({{{"RULES"}, {"FLOWS", true}, {"REQUESTS", true}},
                 rows_of(summary, "rules", [&](const json::value& one) -> std::vector<std::string> {
                   return {name(one, "rule"), text(one, "flows"), text(one, "requests")};
                 })});
  all.push_back({{{"BYPASSES"}, {"SYNS", true}},
                 rows_of(summary, "bypasses", [&](const json::value& one) -> std::vector<std::string> {
                   return {name(one, "name"), text(one, "syns")};
                 })});
  all.push_back({{{"FLOWS ENDED"}, {"BY"}, {"WHILE"}, {"FLOWS", true}},
                 rows_of(summary, "ends", [&](const json::value& one) -> std::vector<std::string> {
                   return {text(one, "code"), text(one, "side"), text(one, "stage"), text(one, "flows")};
                 })});
  std::erase_if(all, [](const Table& one) { return one.rows.empty(); });
  return all;
}

// Each as many rows as it has, as far as there is room; a row each in turn.
void share_room(std::vector<Table>& tables, std::size_t room) {
  std::vector<std::size_t> given(tables.size(), 0);
  for (bool more = true; more && room > 0;) {
    more = false;
    for (std::size_t i = 0; i < tables.size() && room > 0; ++i) {
      if (given[i] == tables[i].rows.size()) continue;
      ++given[i];
      --room;
      more = true;
    }
  }
  for (std::size_t i = 0; i < tables.size(); ++i) tables[i].rows.resize(given[i]);
}

void add_tables(Lines& lines, std::vector<Table> tables, std::size_t rows) {
  constexpr std::size_t kOver = 2;  // a table's heading, and the line before it
  const auto taken = lines.size() + kOver * tables.size();
  share_room(tables, rows > taken ? rows - taken : 0);
  for (const auto& one : tables) {
    if (one.rows.empty()) continue;
    lines.push_back({});
    std::istringstream text(table(one.columns, one.rows));
    bool is_heading = true;
    for (std::string line; std::getline(text, line);) lines.push_back({line, std::exchange(is_heading, false)});
  }
}

}  // namespace

bool Glimpse::take(const std::string& type, const std::string& data) {
  boost::system::error_code error;
  auto value = json::parse(data, error);
  if (error) return false;
  trouble.clear();
  if (type == "history") {
    interval = std::max<std::uint64_t>(1, number(value, "interval_s"));
    const auto* samples = member(value, "samples").if_array();
    if (samples != nullptr && !samples->empty()) sample = samples->back();
  }
  auto* const part = type == "status" ? &status : type == "summary" ? &summary : type == "sample" ? &sample : nullptr;
  if (part != nullptr) *part = std::move(value);
  // A status that no summary follows is shown alone: a worker does not answer.
  if (type == "status") return std::exchange(waits_for_summary_, true);
  if (type != "summary") return false;
  waits_for_summary_ = false;
  return true;
}

std::vector<GlanceLine> glance_report(const Glimpse& glimpse, ScreenSize size) {
  Lines lines;
  add_health(lines, glimpse);
  if (glimpse.status.is_object()) {
    add_rates(lines, glimpse);
    if (const auto& decided = member(glimpse.summary, "dispositions"); decided.is_object())
      add(lines, "decided", counts(decided, true));
    add_mptcp(lines, glimpse);
    add_tls(lines, glimpse);
    add_tables(lines, tables_of(glimpse.summary, size.columns), size.rows);
  }
  if (lines.size() > size.rows) lines.resize(size.rows);
  for (auto& line : lines) line.text = cut(line.text, size.columns);
  return lines;
}

}  // namespace weir::admin
