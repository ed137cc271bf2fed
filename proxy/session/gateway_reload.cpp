// What changes while the gateway runs: its configuration, the host's addresses, the ruleset, paths and alerts.
#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <tuple>

#include <spdlog/spdlog.h>

#include "proxy/kernel/mptcp_counters.hpp"
#include "proxy/kernel/mptcp_syn.hpp"
#include "proxy/session/gateway.hpp"
#include "proxy/session/log_level.hpp"

namespace weir::session {
namespace {

// A listener of somebody else with SO_REUSEPORT would share the port with weir's silently; this asks without it.
std::error_code probe_port(std::uint16_t port) {
  const net::Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  const auto any = net::SocketAddress::dual_stack_any(port);
  if (!socket.is_open() || setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(socket.get(), any.data(), any.length) != 0 || ::listen(socket.get(), 1) != 0)
    return {errno, std::system_category()};
  return {};
}

std::string cannot_listen(std::uint16_t port, const std::error_code& error) {
  auto text = "cannot listen on intercepted port " + std::to_string(port) + ": " + error.message();
  if (error == std::errc::address_in_use)
    text += "; another program has it (see `ss -ltnp sport = " + std::to_string(port) + "`)";
  return text;
}

const char* name(kernel::MptcpSyn::Subtype subtype) {
  switch (subtype) {
    case kernel::MptcpSyn::Subtype::capable: return "MP_CAPABLE";
    case kernel::MptcpSyn::Subtype::join: return "MP_JOIN";
    case kernel::MptcpSyn::Subtype::other: break;
  }
  return "other";
}

std::vector<std::uint16_t> without(const std::vector<std::uint16_t>& ports, const std::vector<std::uint16_t>& others) {
  std::vector<std::uint16_t> left;
  std::ranges::copy_if(ports, std::back_inserter(left),
                       [&](std::uint16_t port) { return std::ranges::find(others, port) == others.end(); });
  return left;
}

}  // namespace

boost::system::result<std::vector<Gateway::PortListeners>, std::string> Gateway::open_listeners(
    const std::vector<std::uint16_t>& ports) {
  const auto count = worker_count();
  std::vector<PortListeners> all;
  for (const auto port : ports) {
    if (const auto error = probe_port(port)) return cannot_listen(port, error);
    PortListeners listeners{.port = port, .sockets = {}};
    for (std::size_t i = 0; i < count; ++i) {
      auto socket = net::listen_transparent(port, mptcp_ ? net::ListenAs::mptcp : net::ListenAs::tcp);
      if (!socket) return cannot_listen(port, socket.error());
      listeners.sockets.push_back(std::move(*socket));
    }
    all.push_back(std::move(listeners));
  }
  return all;
}

void Gateway::give_listeners(std::vector<PortListeners> listeners) {
  for (auto& [port, sockets] : listeners)
    for (std::size_t i = 0; i < sockets.size(); ++i)
      workers_[i]->post([worker = workers_[i].get(), port = port, socket = std::move(sockets[i])]() mutable {
        worker->listen(port, std::move(socket));
      });
}

void Gateway::reload(std::function<void(std::vector<conf::Problem>)> done) {
  service_manager_.reloading();
  auto reading = conf::read_file(file_);
  if (reading.ok())
    if (auto result = put_in_force(reading.settings, reading.policy); !result)
      reading.problems.push_back({.file = file_.string(), .line = 0, .column = 0, .message = result.error()});
  for (const auto& problem : reading.problems) spdlog::error("{}", problem.text());
  if (reading.ok()) {
    configuration_read_ = std::chrono::system_clock::now();
    reload_refused_.clear();
    announce("reload", {{"file", file_.string()}});
    service_manager_.ready(at_a_glance());
  } else {
    reload_refused_ = reading.problems.front().text();
    announce("reload_refused", {{"file", file_.string()}, {"problem", reload_refused_}});
    service_manager_.ready(at_a_glance() + "; a reload was refused: " + reload_refused_);
  }
  done(std::move(reading.problems));
}

// All of the new settings, or none: whatever can fail is done first.
Gateway::Result Gateway::put_in_force(const conf::Settings& wanted, const policy::Policy& policy) {
  if (phase_ != admin::Phase::running) return "weir is ending; nothing is reloaded any more";
  const auto fixed = [](const conf::Settings& settings) {
    return std::tuple(settings.gateway.workers, settings.gateway.user, settings.gateway.fence, settings.admin);
  };
  if (fixed(wanted) != fixed(settings_))
    return "gateway.workers, gateway.user, gateway.fence and [admin] change only at a restart; put them back, or "
           "restart weir";
  const auto& old_ports = settings_.gateway.intercept_ports;
  const auto added = without(wanted.gateway.intercept_ports, old_ports);
  // What an earlier reload gave up a worker closes in the turn after it was told to.
  for (int turn = 0; turn < 2 && !added.empty(); ++turn) publish_snapshot_and_wait(settings_, policy_, decryption_);
  auto listeners = open_listeners(added);
  if (!listeners) return listeners.error();
  auto decryption = prepare_decryption(wanted, policy);
  if (!decryption) return decryption.error();
  if (auto result = switch_over(wanted, policy, *decryption); !result) {
    switch_back();
    return result;
  }
  give_listeners(std::move(*listeners));
  for (const auto port : without(old_ports, wanted.gateway.intercept_ports))
    for (const auto& worker : workers_) worker->post([worker = worker.get(), port] { worker->stop_listening(port); });
  settings_ = wanted;
  policy_ = policy;
  decryption_ = std::move(*decryption);
  if (!policy_.asks_for_confirmed_names()) sightings_.clear();
  set_log_level(settings_.log.level);
  apply_flow_limit();
  bypass_->configure(policy_, settings_.dns);
  return {};
}

Gateway::Result Gateway::switch_over(const conf::Settings& wanted, const policy::Policy& policy,
                                     const std::shared_ptr<Decryption>& decryption) {
  if (auto result = open_packet_logs(wanted); !result) return result;
  if (auto result = open_logs(wanted.log); !result) return result;
  // The workers go by the new policy before the kernel does. In between, a flow that only the old rules send to weir
  // meets the new policy, and one that they send past weir went before: none is decided by half of each.
  publish_snapshot_and_wait(wanted, policy, decryption);
  return change_network(settings_, wanted, policy);
}

// To what is in force, as far as it was left.
void Gateway::switch_back() {
  publish_snapshot_and_wait(settings_, policy_, decryption_);
  for (const auto& result : {open_packet_logs(settings_), open_logs(settings_.log)})
    if (!result) spdlog::error("{}", result.error());
}

kernel::Wanted Gateway::wanted(const conf::Settings& settings, const policy::Policy& policy) const {
  kernel::Wanted wanted{.settings = settings, .policy = policy};
  wanted.live.tokens = tokens_;
  bypass_->add_to(wanted.live, policy);
  return wanted;
}

Gateway::Result Gateway::change_network(const conf::Settings& from, const conf::Settings& to,
                                        const policy::Policy& policy) {
  if (!from.gateway.manage_network && !to.gateway.manage_network) return {};
  if (!network_) {
    auto network = kernel::Network::open();
    if (!network) return network.error();
    network_ = std::move(*network);
  }
  if (!to.gateway.manage_network) {
    auto removed = network_->remove();
    if (removed.has_value()) network_.reset();
    return removed;
  }
  if (auto result = watch_ruleset(); !result) return result;
  auto installed = network_->install(wanted(to, policy));
  if (!installed && phase_ == admin::Phase::running && from.gateway.manage_network)
    if (auto restored = network_->install(wanted(from, policy_)); !restored) spdlog::error("{}", restored.error());
  return installed;
}

SnapshotPointer Gateway::snapshot(const conf::Settings& settings, const policy::Policy& policy,
                                  const std::shared_ptr<Decryption>& decryption) {
  auto whole = policy;
  whole.run_time = bypass_->run_time_table();
  return std::make_shared<const Snapshot>(
      Snapshot{settings, whole, addresses_ ? addresses_->source().now() : std::set<policy::Address>{}, decryption});
}

void Gateway::publish_snapshot() {
  const auto now = snapshot(settings_, policy_, decryption_);
  for (const auto& worker : workers_) worker->post([worker = worker.get(), now] { worker->take(now); });
}

void Gateway::publish_snapshot_and_wait(const conf::Settings& settings, const policy::Policy& policy,
                                        const std::shared_ptr<Decryption>& decryption) {
  constexpr std::chrono::seconds kPatience{2};  // a worker takes what is posted in its next turn
  const auto now = snapshot(settings, policy, decryption);
  struct Taken {
    std::mutex mutex;
    std::condition_variable all;
    std::size_t missing;
  };
  const auto taken = std::make_shared<Taken>();
  taken->missing = workers_.size();
  for (const auto& worker : workers_)
    worker->post([worker = worker.get(), now, taken] {
      worker->take(now);
      const std::lock_guard lock(taken->mutex);
      if (--taken->missing == 0) taken->all.notify_one();
    });
  std::unique_lock lock(taken->mutex);
  if (!taken->all.wait_for(lock, kPatience, [&taken] { return taken->missing == 0; }))
    spdlog::warn("a worker is slow to take the new configuration");
}

void Gateway::on_address_change() {
  if (addresses_->source().read() && !workers_.empty()) publish_snapshot();
}

Gateway::Result Gateway::watch_ruleset() {
  if (ruleset_) return {};
  auto watch = kernel::RulesetWatch::open();
  if (!watch) return watch.error();
  ruleset_.emplace(control_, std::move(*watch), [this] { on_ruleset_change(); });
  return {};
}

void Gateway::on_ruleset_change() {
  if (!ruleset_->source().read() || phase_ == admin::Phase::starting || !settings_.gateway.manage_network) return;
  if (network_->installed()) return;
  const auto result = network_->install(wanted(settings_, policy_));
  announce(result ? "rules_restored" : "rules_lost",
           {{"reason", result ? "another process removed table inet weir" : result.error()}});
}

void Gateway::on_path_events() {
  auto batch = std::make_shared<kernel::PathEvents::Batch>(path_events_->source().read());
  if (batch->overrun) {
    spdlog::warn("the kernel dropped MPTCP events: some paths' ends are not known");
    read_tokens_anew();
  } else {
    take_tokens(batch->connections);
  }
  const auto now = std::chrono::steady_clock::now();
  for (const auto& event : batch->events)
    if (event.kind == kernel::PathEvent::Kind::subflow_established) joins_.joined(event.token, event.remote, now);
  if (batch->events.empty()) return;
  for (const auto& worker : workers_) worker->post([worker = worker.get(), batch] { worker->take(batch->events); });
}

void Gateway::on_alerts() {
  const auto batch = alerts_->source().read();
  if (batch.overrun) announce("alerts_dropped", {{"reason", "SYNs with option 30 came faster than they were read"}});
  for (const auto& packet : batch.packets) {
    const auto syn = kernel::parse_mptcp_syn(packet);
    if (!syn) continue;
    announce(
        "mptcp_syn",
        {{"client", syn->client.text()}, {"destination", syn->destination.text()}, {"subtype", name(syn->subtype)}});
  }
}

void Gateway::on_joins() {
  const auto batch = joins_seen_->source().read();
  const auto now = std::chrono::steady_clock::now();
  // What became of a join may be counted before its SYN is read here.
  const auto before = std::exchange(counters_before_joins_, kernel::mptcp_counters());
  for (const auto& packet : batch.packets) {
    const auto syn = kernel::parse_mptcp_syn(packet);
    if (syn && syn->subtype == kernel::MptcpSyn::Subtype::join)
      joins_.syn(syn->client, syn->destination, syn->token, tokens_.contains(syn->token), now, before);
  }
  settle_joins();
}

void Gateway::settle_joins() {
  constexpr std::chrono::seconds kAgain{1};
  const auto now = std::chrono::steady_clock::now();
  const auto failures =
      joins_.settle(now, kernel::mptcp_counters(), [this](std::uint32_t token) { return tokens_.contains(token); });
  for (const auto& failure : failures) announce_join(failure, now);
  if (!joins_.is_waiting()) return;
  join_timer_.expires_after(kAgain);
  join_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) settle_joins();
  });
}

// A bypassed connection's join that goes on to the origin is as it should be.
void Gateway::announce_join(const flow::JoinFailure& failure, std::chrono::steady_clock::time_point now) {
  const bool dropped = settings_.mptcp.unknown_joins == conf::UnknownJoins::drop;
  if (failure.cause == flow::JoinCause::not_weirs && !dropped) return;
  const std::string cause = flow::name(failure.cause);
  const auto client = failure.client.text();
  const auto destination = failure.destination.text();
  if (!told_.is_due("join " + client + ' ' + destination + ' ' + cause, now)) return;
  announce("join_failed", {{"client", client},
                           {"destination", destination},
                           {"cause", cause},
                           {"reason", flow::why(failure.cause, dropped ? "drop" : "direct")}});
}

void Gateway::on_answers() {
  for (const auto& packet : answers_->source().read().packets)
    if (const auto answer = names::parse_dns_answer(packet)) bypass_->take(*answer);
}

void Gateway::announce(std::string kind, std::vector<std::pair<std::string, std::string>> fields) {
  const auto& event = events_.add(
      {.sequence = 0, .at = std::chrono::system_clock::now(), .kind = std::move(kind), .fields = std::move(fields)});
  auto line = flow::to_json(event);
  spdlog::info("{}", line);
  if (events_log_.enabled() && !events_log_.write(line + "\n")) spdlog::warn("an event could not be written");
  if (admin_) admin_->announce(event);
}

}  // namespace weir::session
