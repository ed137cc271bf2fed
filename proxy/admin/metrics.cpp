#include "proxy/admin/metrics.hpp"

#include "proxy/admin/views.hpp"

namespace weir::admin {
namespace {

std::string escaped(std::string_view value) {  // a label's value
  std::string result;
  for (const char c : value) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

class Text {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help);
    text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::uint64_t value, std::string_view labels = {}) {
    text_.append(name_);
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(std::to_string(value)).append("\n");
  }
  void counter(std::string_view name, std::uint64_t value, std::string_view help) {
    family(name, "counter", help);
    sample(value);
  }
  void gauge(std::string_view name, std::uint64_t value, std::string_view help) {
    family(name, "gauge", help);
    sample(value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

std::string label(std::string_view name, std::string_view value) {
  return std::string(name).append("=\"").append(escaped(value)).append("\"");
}

std::uint64_t seconds(std::chrono::system_clock::time_point time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

void add_status(Text& text, const Status& status) {
  text.family("weir_build_info", "gauge", "1, with the version as a label.");
  text.sample(1, label("version", status.version));
  text.family("weir_phase", "gauge", "1 for the phase weir is in.");
  for (const auto phase : {Phase::starting, Phase::running, Phase::draining}) {
    text.sample(status.phase == phase ? 1 : 0, label("phase", name(phase)));
  }
  text.gauge("weir_ready", why_not_ready(status).empty() ? 1 : 0, "1 when clients' connections are taken.");
  text.gauge("weir_mptcp_available", status.mptcp ? 1 : 0, "1 when the kernel has MPTCP.");
  text.gauge("weir_rules_installed", status.rules_installed ? 1 : 0, "1 when weir's kernel rules are in place.");
  text.gauge("weir_workers", status.workers, "Worker threads.");
  text.gauge("weir_max_flows", status.max_flows, "Flows weir takes at once.");
  text.gauge("weir_start_time_seconds", seconds(status.started), "When weir started, since the Unix epoch.");
  text.gauge("weir_configuration_read_time_seconds", seconds(status.configuration_read),
             "When the configuration in force was read, since the Unix epoch.");
  text.gauge("weir_last_reload_refused", status.reload_refused.empty() ? 0 : 1,
             "1 when the last reload had a problem, so an older configuration than the file's is in force.");
}

void add_flows(Text& text, const Totals& totals) {
  const auto by_transport = [&](const std::array<std::uint64_t, 2>& counts) {
    for (const auto transport : {flow::Transport::tcp, flow::Transport::mptcp}) {
      text.sample(counts[static_cast<std::size_t>(transport)], label("transport", flow::name(transport)));
    }
  };
  text.family("weir_flows_live", "gauge", "Flows relayed now.");
  by_transport(totals.live);
  text.family("weir_flows_accepted_total", "counter", "Flows accepted from clients.");
  by_transport(totals.accepted);
  text.family("weir_flows_ended_total", "counter", "Flows that ended, by who ended them and how.");
  for (std::size_t side = 0; side < flow::kSides; ++side) {
    for (std::size_t code = 0; code < flow::kCodes; ++code) {
      text.sample(totals.ended[side][code], label("side", flow::name(static_cast<flow::Side>(side))) + "," +
                                                label("code", flow::name(static_cast<flow::Code>(code))));
    }
  }
}

void add_traffic(Text& text, const Totals& totals, std::uint64_t records_lost) {
  text.counter("weir_bytes_from_client_total", totals.bytes_from_client, "Bytes relayed from clients.");
  text.counter("weir_bytes_to_client_total", totals.bytes_to_client, "Bytes relayed to clients.");
  text.family("weir_relayed_bytes_total", "counter", "Bytes relayed, by how they were moved.");
  text.sample(totals.relayed_by_splice, label("method", "splice"));
  text.sample(totals.relayed_by_copy, label("method", "copy"));
  text.counter("weir_subflows_joined_total", totals.subflows_joined, "MPTCP subflows beyond a connection's first.");
  text.counter("weir_subflows_closed_total", totals.subflows_closed, "MPTCP subflows that ended.");
  text.counter("weir_mptcp_fallbacks_total", totals.fallbacks, "MPTCP connections that fell back to TCP after accept.");
  text.counter("weir_accept_paused_total", totals.accept_paused,
               "Times accepting stopped for want of descriptors or for gateway.max_flows.");
  text.counter("weir_records_dropped_total", totals.records_dropped + records_lost,
               "Records that could not be written, or not in time.");
}

void add_http(Text& text, const Totals& totals) {
  text.family("weir_requests_total", "counter", "HTTP requests that ended, by how.");
  for (std::size_t i = 0; i < flow::kRequestEnds; ++i)
    text.sample(totals.requests[i], label("end", flow::name(static_cast<flow::RequestEnd>(i))));
  text.family("weir_responses_total", "counter", "HTTP responses sent to clients, by class.");
  for (std::size_t i = 0; i < flow::kResponseClasses; ++i)
    text.sample(totals.responses[i], label("class", std::to_string(i + 1) + "xx"));
  text.counter("weir_domain_fronting_total", totals.domain_fronting,
               "HTTP requests for another name than that of their TLS handshake.");
}

void add_tls(Text& text, const TlsStatus& tls, const Totals& totals) {
  const auto by_side = [&](const std::array<std::uint64_t, 2>& counts) {
    for (const auto side : {flow::Side::client, flow::Side::upstream})
      text.sample(counts[static_cast<std::size_t>(side)], label("side", flow::name(side)));
  };
  text.gauge("weir_tls_decrypts", tls.decrypts ? 1 : 0, "1 when the policy in force decrypts any flow.");
  text.counter("weir_tls_decrypted_flows_total", totals.tls_decrypted, "Flows decrypted, both handshakes done.");
  text.family("weir_tls_resumed_total", "counter", "Handshakes of those flows that resumed a session, by side.");
  by_side(totals.tls_resumed);
  text.counter("weir_tls_untrusted_origins_total", totals.tls_untrusted,
               "Flows whose origin's certificate was not to be believed.");
  text.family("weir_tls_handshake_failures_total", "counter", "TLS handshakes that failed, by side.");
  by_side(totals.tls_handshake_failed);
  text.family("weir_tls_not_decrypted_total", "counter",
              "Flows that were to be decrypted and went on unread or were blocked, by cause.");
  for (std::size_t i = 0; i < flow::kTlsCauses; ++i)
    text.sample(totals.tls_not_decrypted[i], label("cause", flow::name(static_cast<flow::TlsCause>(i))));
  text.counter("weir_tls_leaves_made_total", tls.leaves.made, "Leaf certificates made; begins anew at a reload.");
  text.counter("weir_tls_leaf_cache_hits_total", tls.leaves.hits,
               "Leaf certificates taken from the cache; begins anew at a reload.");
  text.gauge("weir_tls_leaf_cache_size", tls.leaves.kept, "Leaf certificates in the cache.");
  text.gauge("weir_tls_exceptions", tls.exceptions, "Clients and origins that are not decrypted now, by experience.");
  if (tls.decrypts)
    text.gauge("weir_tls_ca_expiry_time_seconds", seconds(tls.ca.expires),
               "When the certificate authority's time is over, since the Unix epoch.");
}

void add_kernel(Text& text, const std::map<std::string, std::uint64_t>& counters) {
  for (const auto& [name, value] : counters) {
    const auto help = "The kernel's MPTcpExt " + name + ", of the whole network namespace.";
    if (name == "MPCurrEstab")  // the one of them that also goes down
      text.gauge("weir_kernel_mptcp_" + name, value, help);
    else
      text.counter("weir_kernel_mptcp_" + name + "_total", value, help);
  }
}

// SYNs by what the kernel's rules did with them; the rules' counters go on over a reload.
void add_syns(Text& text, const KernelCounters& kernel, const std::vector<std::string>& bypasses) {
  text.family("weir_syns_total", "counter", "SYNs of clients, by what the kernel's rules did with them.");
  for (const auto* verdict : kSynVerdicts) text.sample(kernel.rule(verdict), label("verdict", verdict));
  text.counter("weir_quic_refused_total", kernel.rule("quic"), "QUIC packets of clients that were refused.");
  text.family("weir_bypass_syns_total", "counter",
              "SYNs that went direct, by the bypass entry; begins anew at a reload.");
  for (std::size_t i = 0; i < bypasses.size(); ++i) text.sample(kernel.bypass(i), label("bypass", bypasses[i]));
}

void add_tally(Text& text, const flow::TallyReport& tally, const KernelCounters& kernel) {
  text.family("weir_flows_decided_total", "counter",
              "Flows that ended, by what was done with them; direct: SYNs that the kernel let go past weir.");
  for (std::size_t i = 0; i < flow::kDispositions; ++i) {
    const auto disposition = static_cast<flow::Disposition>(i);
    text.sample(disposition == flow::Disposition::direct ? kernel.rule("direct") : tally.ended[i],
                label("disposition", flow::name(disposition)));
  }
  text.family("weir_rule_matches_total", "counter", "Flows and requests that ended, by the rule that decided.");
  for (const auto& [name, count] : std::map(tally.rules.begin(), tally.rules.end())) {
    text.sample(count.flows, label("rule", name) + ",of=\"flow\"");
    text.sample(count.requests, label("rule", name) + ",of=\"request\"");
  }
}

}  // namespace

std::string metrics_text(const Status& status, const Totals& totals, const KernelCounters& kernel,
                         const std::optional<flow::TallyReport>& tally) {
  Text text;
  add_status(text, status);
  add_flows(text, totals);
  add_traffic(text, totals, status.records_lost);
  add_http(text, totals);
  add_tls(text, status.tls, totals);
  if (tally) add_tally(text, *tally, kernel);
  add_syns(text, kernel, status.bypasses);
  add_kernel(text, kernel.mptcp);
  return text.take();
}

}  // namespace weir::admin
