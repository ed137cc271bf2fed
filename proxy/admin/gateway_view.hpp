// What the admin service may ask of the running gateway. The gateway implements it; nothing depends on admin.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conf/reader.hpp"
#include "proxy/admin/bypass_view.hpp"
#include "proxy/admin/explain.hpp"
#include "proxy/admin/tls_view.hpp"
#include "proxy/flow/counters.hpp"
#include "proxy/flow/event.hpp"
#include "proxy/flow/join_log.hpp"
#include "proxy/flow/record.hpp"
#include "proxy/flow/tally.hpp"

namespace weir::admin {

enum class Phase : std::uint8_t { starting, running, draining };

struct Status {
  std::string version;
  std::chrono::system_clock::time_point started;
  Phase phase = Phase::starting;
  bool mptcp = true;           // the kernel has it; false: weir runs as plain TCP
  bool manage_network = true;  // false: the operator's own rules are used, and rules_installed says nothing
  bool rules_installed = false;
  unsigned workers = 0;
  std::size_t max_flows = 0;
  std::vector<std::uint16_t> intercept_ports;
  std::vector<std::string> client_interfaces;
  std::string on_syn;
  std::vector<std::string> bypasses;  // names of the configured entries, in order
  std::size_t rules = 0;
  std::string configuration;  // path of the file in force
  std::chrono::system_clock::time_point configuration_read;
  std::string reload_refused;  // the first problem of the last reload; empty where that was taken, or there was none
  TlsStatus tls;
  std::uint64_t records_lost = 0;  // a full disk; beside those that workers dropped
};

// What the kernel counted, by its names: SYNs by the rules' counters, and MPTCP's own (MPTcpExt).
struct KernelCounters {
  std::map<std::string, std::uint64_t> rules;
  std::map<std::string, std::uint64_t> mptcp;

  std::uint64_t rule(const std::string& name) const {
    const auto found = rules.find(name);
    return found == rules.end() ? 0 : found->second;
  }
  // Of the configured entry at that place, in order.
  std::uint64_t bypass(std::size_t index) const { return rule("bypass" + std::to_string(index)); }
};

// What the kernel's rules do with a SYN, as they count it.
inline constexpr std::array kSynVerdicts{"intercepted", "direct",    "direct_full",   "stripped",
                                         "denied",      "postponed", "joins_dropped", "refused"};

struct JoinReport {
  std::vector<flow::JoinPath> paths;
  flow::MptcpCounters since_start;
  std::string unknown;  // the word of mptcp.joins.unknown
};

class GatewayView {
 public:
  virtual ~GatewayView() = default;

  // All may be called from the admin thread. Callbacks come back on the admin thread.
  virtual Status status() = 0;
  virtual std::vector<const flow::Counters*> counters() = 0;  // one a worker, alive as long as the gateway
  virtual void flows(std::function<void(std::vector<flow::Record>)> done) = 0;
  virtual void flow(std::uint64_t id, std::function<void(std::optional<flow::Record>)> done) = 0;
  virtual void tally(std::function<void(flow::TallyReport)> done) = 0;
  virtual std::vector<flow::Event> events_after(std::uint64_t sequence) = 0;      // what the bounded ring still holds
  virtual void reload(std::function<void(std::vector<conf::Problem>)> done) = 0;  // none: the new file is in force
  virtual void drain() = 0;
  virtual BypassList bypass() = 0;
  virtual boost::system::result<void, std::string> add_bypass(const BypassRequest&) = 0;
  virtual std::size_t remove_bypass(const std::string& what, const std::string& who) = 0;  // how many went
  // What the running gateway would do with such a flow: learned and added bypasses count.
  virtual Explanation explain(const Question&) = 0;
  virtual std::vector<TlsException> exceptions() = 0;
  // Those of that client, destination or name; how many went.
  virtual std::size_t remove_exceptions(const std::string& what, const std::string& who) = 0;
  virtual std::optional<CaFiles> ca_files() = 0;  // nothing where nothing is decrypted
  virtual JoinReport joins() = 0;
  virtual KernelCounters kernel_counters() = 0;
};

}  // namespace weir::admin
