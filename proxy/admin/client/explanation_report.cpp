// Of reports.hpp: what `weir explain` says.
#include <boost/json.hpp>

#include "proxy/admin/client/json_member.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/client/terminal.hpp"

namespace weir::admin {
namespace {

namespace json = boost::json;

std::string walk(const json::value& part) {
  const auto rows = rows_of(part, "steps", [](const json::value& step) -> std::vector<std::string> {
    return {"  " + text(step, "entry"), text(step, "name"), text(step, "result"), text(step, "reason")};
  });
  return rows.empty() ? "" : table({{"  ENTRY"}, {"NAME"}, {"RESULT"}, {"WHY"}}, rows);
}

std::string by(const json::value& part) {
  const auto who = text(part, "by");
  return who.empty() || who == "-" ? "by default" : "by " + terminal_safe(who);
}

// What is done to the header fields of one side's messages; nothing where nothing is.
std::string edits_report(const json::value& edits, const std::string& side) {
  std::string report;
  if (const auto* set = member(edits, "set_" + side + "_headers").if_object())
    for (const auto& [name, value] : *set)
      report += "     " + side + "s: sets " + terminal_safe(std::string(name)) + ": " +
                terminal_safe(value.is_string() ? std::string(value.get_string().c_str()) : "") + "\n";
  if (const auto* removed = member(edits, "remove_" + side + "_headers").if_array(); removed != nullptr)
    report += "     " + side + "s: removes " + terminal_safe(list(edits, "remove_" + side + "_headers")) + "\n";
  return report;
}

std::string edits_report(const json::value& edits) {
  return edits_report(edits, "request") + edits_report(edits, "response");
}

std::string syn_sentence(const std::string& path) {
  if (path == "direct") return "goes direct: the kernel forwards it, and weir never sees it, ";
  if (path == "deny") return "is answered with a reset, ";
  if (path == "strip") return "loses its MPTCP option and goes to weir as plain TCP, ";
  return "goes to weir, ";
}

}  // namespace

std::string explanation_report(const json::value& explanation) {
  if (member(explanation, "not_intercepted").is_string())
    return "A flow from " + text(explanation, "from") + " to " + text(explanation, "to") +
           " does not come to weir: " + terminal_safe(text(explanation, "not_intercepted")) + "\n";
  const auto& syn = member(explanation, "syn");
  auto report = std::string("The SYN of ") + (flag(explanation, "mptcp") ? "an MPTCP" : "a plain TCP") +
                " connection from " + text(explanation, "from") + " to " + text(explanation, "to") + "\n" + walk(syn) +
                "  -> " + syn_sentence(text(syn, "path")) + by(syn) + "\n";
  const auto& flow = member(explanation, "flow");
  if (!flow.is_object()) return report;
  report += "The flow";
  if (member(explanation, "domain").is_string()) report += ", name " + terminal_safe(text(explanation, "domain"));
  if (const auto* confirmed = member(flow, "name_confirmed").if_bool())
    report += *confirmed ? " (seen to belong there)" : " (not seen to belong there)";
  if (member(explanation, "request").is_string()) report += ", request " + terminal_safe(text(explanation, "request"));
  report += "\n" + walk(flow) + "  -> ";
  if (!flag(flow, "decided"))
    return report +
           "not decided yet: it needs what the client says first; give --domain, or --method, --path and "
           "--header of a request\n";
  report += text(explanation, "disposition") + ", " + by(flow);
  if (flag(flow, "asks_for_request"))
    report += member(explanation, "request").is_string() ? "; decrypted, since a rule asks for the request inside TLS"
                                                         : ", which asks for the request inside TLS";
  if (const auto& exception = member(flow, "exception"); exception.is_object())
    report += "; not decrypted, for " + text(exception, "reason") + " (weir exceptions list)";
  return report + "\n" + edits_report(member(flow, "edits"));
}

}  // namespace weir::admin
