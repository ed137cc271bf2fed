// The running gateway: workers, kernel rules, watchers and the admin service, held together on the control thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "conf/reader.hpp"
#include "proxy/admin/gateway_view.hpp"
#include "proxy/admin/service.hpp"
#include "proxy/flow/join_log.hpp"
#include "proxy/flow/once_in_a_while.hpp"
#include "proxy/kernel/local_addresses.hpp"
#include "proxy/kernel/network.hpp"
#include "proxy/kernel/packet_log.hpp"
#include "proxy/kernel/path_events.hpp"
#include "proxy/kernel/ruleset_watch.hpp"
#include "proxy/session/admission.hpp"
#include "proxy/session/bypass_keeper.hpp"
#include "proxy/session/decryption.hpp"
#include "proxy/session/descriptors.hpp"
#include "proxy/session/event_ring.hpp"
#include "proxy/session/instance_lock.hpp"
#include "proxy/session/line_log.hpp"
#include "proxy/session/readable.hpp"
#include "proxy/session/service_manager.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {

class Gateway : public admin::GatewayView {
 public:
  Gateway(std::filesystem::path file, conf::Settings settings, policy::Policy policy, std::string version);
  ~Gateway() override;

  // Runs until it is told to end. On an error nothing stays installed, and the sentence says why.
  boost::system::result<void, std::string> run();

  admin::Status status() override;
  std::vector<const flow::Counters*> counters() override;
  void flows(std::function<void(std::vector<flow::Record>)> done) override;
  void flow(std::uint64_t id, std::function<void(std::optional<flow::Record>)> done) override;
  void tally(std::function<void(flow::TallyReport)> done) override;
  std::vector<flow::Event> events_after(std::uint64_t sequence) override;
  void reload(std::function<void(std::vector<conf::Problem>)> done) override;
  void drain() override;
  admin::BypassList bypass() override;
  boost::system::result<void, std::string> add_bypass(const admin::BypassRequest&) override;
  std::size_t remove_bypass(const std::string& what, const std::string& who) override;
  admin::Explanation explain(const admin::Question&) override;
  std::vector<admin::TlsException> exceptions() override;
  std::size_t remove_exceptions(const std::string& what, const std::string& who) override;
  std::optional<admin::CaFiles> ca_files() override;
  admin::JoinReport joins() override;
  admin::KernelCounters kernel_counters() override;

 private:
  using Result = boost::system::result<void, std::string>;
  struct PortListeners {
    std::uint16_t port;
    std::vector<net::Descriptor> sockets;  // one a worker
  };

  Result start();
  Result check_host();
  // What weir may do is from here on what it needs: the account, its capabilities, the fence.
  Result confine();
  Result open_logs(const conf::LogSettings&);
  Result make_workers();
  // Null where the policy decrypts nothing.
  boost::system::result<std::shared_ptr<Decryption>, std::string> prepare_decryption(const conf::Settings&,
                                                                                     const policy::Policy&);
  void announce_exception(flow::TlsCause, const tls::Parties&);
  void announce_untrusted(const tls::Parties&, const std::string& why);
  admin::TlsStatus tls_status() const;
  Result open_watchers();
  // Opens or closes the packet log of an option.
  Result open_log(std::optional<Readable<kernel::PacketLog>>&, bool wanted, std::uint16_t group, std::uint32_t copied,
                  const char* option, void (Gateway::*on_readable)());
  Result open_packet_logs(const conf::Settings&);
  void start_signals();
  void stop();
  void keep_watch();
  std::string at_a_glance() const;

  boost::system::result<std::vector<PortListeners>, std::string> open_listeners(
      const std::vector<std::uint16_t>& ports);
  void give_listeners(std::vector<PortListeners>);
  Result put_in_force(const conf::Settings&, const policy::Policy&);
  Result switch_over(const conf::Settings&, const policy::Policy&, const std::shared_ptr<Decryption>&);
  void switch_back();
  Result watch_ruleset();
  Result change_network(const conf::Settings& from, const conf::Settings& to, const policy::Policy&);
  kernel::Wanted wanted(const conf::Settings&, const policy::Policy&) const;
  void publish_snapshot();
  // The same, and waits until every worker goes by it.
  void publish_snapshot_and_wait(const conf::Settings&, const policy::Policy&, const std::shared_ptr<Decryption>&);
  SnapshotPointer snapshot(const conf::Settings&, const policy::Policy&, const std::shared_ptr<Decryption>&);
  void make_bypass_keeper();
  void write_sets(const std::vector<kernel::SetChange>&);
  void take_tokens(const std::vector<kernel::ConnectionEvent>&);
  void read_tokens_anew();
  void apply_flow_limit();
  std::size_t worker_count() const;

  void on_path_events();
  void on_alerts();
  void on_answers();
  void on_joins();
  void settle_joins();
  void announce_join(const flow::JoinFailure&, std::chrono::steady_clock::time_point now);
  void open_join_log();
  void on_ruleset_change();
  void on_address_change();
  void on_signal(int signal);
  void end_now();
  void announce(std::string kind, std::vector<std::pair<std::string, std::string>> fields);

  std::filesystem::path file_;
  conf::Settings settings_;
  policy::Policy policy_;  // as configured; what was added at run time is the keeper's
  std::string version_;
  admin::Phase phase_ = admin::Phase::starting;
  std::chrono::system_clock::time_point started_;
  std::chrono::system_clock::time_point configuration_read_;
  std::string reload_refused_;  // why the last one was; empty: it was not
  bool mptcp_ = true;
  std::size_t descriptor_limit_ = 0;
  std::size_t most_flows_ = 0;  // what the descriptor limit allows

  boost::asio::io_context control_{1};
  std::optional<InstanceLock> lock_;
  LineLog records_;
  LineLog events_log_;
  LineLog requests_log_;
  EventRing events_;
  flow::OnceInAWhile told_{std::chrono::minutes(1)};  // of what every flow may bring about again
  Admission admission_;
  tls::Exceptions exceptions_;
  names::Sightings sightings_;  // filled where the policy asks for confirmed names
  std::shared_ptr<Decryption> decryption_;
  std::optional<kernel::Network> network_;
  std::optional<kernel::SetWriter> sets_;
  std::set<std::uint32_t> tokens_;  // of the MPTCP connections that end on this host
  std::optional<BypassKeeper> bypass_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<Readable<kernel::PathEvents>> path_events_;
  std::optional<Readable<kernel::PacketLog>> alerts_;
  std::optional<Readable<kernel::PacketLog>> answers_;
  std::optional<Readable<kernel::PacketLog>> joins_seen_;
  flow::JoinLog joins_;
  flow::MptcpCounters counters_at_start_;
  flow::MptcpCounters counters_before_joins_;  // as they were when joins were last looked at
  std::optional<Readable<kernel::RulesetWatch>> ruleset_;
  std::optional<Readable<kernel::LocalAddresses>> addresses_;
  std::optional<admin::Service> admin_;
  boost::asio::signal_set signals_{control_};
  boost::asio::steady_timer drain_timer_{control_};
  boost::asio::steady_timer join_timer_{control_};
  ServiceManager service_manager_{control_};
  std::size_t workers_drained_ = 0;
};

}  // namespace weir::session
