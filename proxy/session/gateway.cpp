// Start and end of the gateway. Its reload is in gateway_reload.cpp, what it tells in gateway_view.cpp.
#include "proxy/session/gateway.hpp"

#include <algorithm>
#include <csignal>
#include <thread>
#include <tuple>

#include <spdlog/spdlog.h>

#include "conf/closed_file.hpp"
#include "proxy/kernel/account.hpp"
#include "proxy/kernel/fence.hpp"
#include "proxy/kernel/mptcp_counters.hpp"
#include "proxy/kernel/privileges.hpp"
#include "proxy/kernel/probe.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/session/log_level.hpp"
#include "proxy/session/program_log.hpp"

namespace weir::session {
namespace {

// Different in every run, so that ids in old logs do not come again.
std::uint64_t first_id(std::chrono::system_clock::time_point started) {
  constexpr int kCounterBits = 32;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(started.time_since_epoch()).count();
  return static_cast<std::uint64_t>(seconds) << kCounterBits;
}

}  // namespace

Gateway::Gateway(std::filesystem::path file, conf::Settings settings, policy::Policy policy, std::string version)
    : file_(std::move(file)),
      settings_(std::move(settings)),
      policy_(std::move(policy)),
      version_(std::move(version)),
      started_(std::chrono::system_clock::now()),
      configuration_read_(started_) {}

Gateway::~Gateway() = default;

Gateway::Result Gateway::run() {
  if (auto started = start(); !started) {
    stop();
    return started;
  }
  phase_ = admin::Phase::running;
  spdlog::info("running: {} workers, at most {} flows, admin at {}", workers_.size(), admission_.limit(),
               settings_.admin.listen.text());
  service_manager_.ready(at_a_glance());
  keep_watch();
  control_.run();
  stop();
  return {};
}

Gateway::Result Gateway::start() {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(bugprone-signal-handler,cert-err33-c): splice(2) has no MSG_NOSIGNAL
  set_log_level(settings_.log.level);
  descriptor_limit_ = raise_descriptor_limit();
  auto lock = InstanceLock::take();
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  start_signals();  // before anything is installed: from here on a signal ends weir in order
  if (auto result = check_host(); !result) return result;
  if (auto result = confine(); !result) return result;
  write_program_log_aside();
  if (auto result = open_logs(settings_.log); !result) return result;
  auto decryption = prepare_decryption(settings_, policy_);
  if (!decryption) return decryption.error();
  decryption_ = std::move(*decryption);
  if (auto result = open_watchers(); !result) return result;
  auto listeners = open_listeners(settings_.gateway.intercept_ports);
  if (!listeners) return listeners.error();
  make_bypass_keeper();
  if (auto result = make_workers(); !result) return result;
  admin_.emplace(control_, settings_.admin, *this);
  if (auto result = admin_->start(); !result) return result;
  conf::Settings before;
  before.gateway.manage_network = false;  // what somebody else installed is not ours to remove
  if (auto result = change_network(before, settings_, policy_); !result) return result;
  for (const auto& worker : workers_) worker->start();
  give_listeners(std::move(*listeners));
  return {};
}

Gateway::Result Gateway::check_host() {
  for (const auto& finding : kernel::probe_host(settings_)) {
    if (finding.level == kernel::Finding::Level::fatal)
      return finding.text + (finding.remedy.empty() ? "" : "; " + finding.remedy);
    if (finding.level == kernel::Finding::Level::warning)
      spdlog::warn("{}: {}{}", finding.name, finding.text, finding.remedy.empty() ? "" : "; " + finding.remedy);
  }
  mptcp_ = kernel::mptcp_available();
  return {};
}

// Before the first thread, and before any file is opened: what a reload may not open, the start does not open either.
Gateway::Result Gateway::confine() {
  const auto account = kernel::account_to_become(settings_.gateway.user);
  if (!account) return account.error();
  if (auto given_up = kernel::give_up_privileges(*account); !given_up) return given_up;
  spdlog::info("runs as '{}', with {}", conf::account_name(), kernel::capabilities_in_effect());
  if (!settings_.gateway.fence) {
    spdlog::info("gateway.fence = false: the files and system calls of this process are not fenced");
    return {};
  }
  for (const auto& missing : kernel::raise_fence(kernel::files_within(file_, settings_)))
    spdlog::info("gateway.fence: {}", missing);
  return {};
}

Gateway::Result Gateway::open_logs(const conf::LogSettings& log) {
  for (const auto& [key, place, file] :
       {std::tuple{"log.flows", &log.flows, &records_}, std::tuple{"log.events", &log.events, &events_log_},
        std::tuple{"log.requests", &log.requests, &requests_log_}})
    if (const auto error = file->open(*place))
      return std::string(key) + ": cannot open " + *place + ": " + error.message() +
             conf::remedy_where_closed(*place, conf::Use::append);
  return {};
}

Gateway::Result Gateway::make_workers() {
  const auto count = worker_count();
  // A worker's poller has two descriptors, and its io_context may come to have two more.
  const auto budget = share_descriptors(descriptor_limit_, open_descriptors() + count * 4, count);
  most_flows_ = budget.flows;
  apply_flow_limit();
  const auto first = snapshot(settings_, policy_, decryption_);
  const auto fell_back = [this](policy::Address client, policy::Endpoint destination) {
    boost::asio::post(control_, [this, client, destination] { joins_.fell_back(client, destination); });
  };
  const auto report = [this](NameSeen seen) {
    boost::asio::post(control_, [this, seen = std::move(seen)] { bypass_->take(seen); });
  };
  const auto excepted = [this](flow::TlsCause cause, const tls::Parties& parties) {
    boost::asio::post(control_, [this, cause, parties] { announce_exception(cause, parties); });
  };
  const auto untrusted = [this](const tls::Parties& parties, const std::string& why) {
    boost::asio::post(control_, [this, parties, why] { announce_untrusted(parties, why); });
  };
  for (std::size_t i = 0; i < count; ++i)
    workers_.push_back(std::make_unique<Worker>(Worker::Setup{.index = static_cast<unsigned>(i),
                                                              .workers = static_cast<unsigned>(count),
                                                              .first_id = first_id(started_),
                                                              .most_pipes = budget.pipes_a_worker,
                                                              .snapshot = first,
                                                              .report_name = report,
                                                              .report_fallback = fell_back,
                                                              .exceptions = &exceptions_,
                                                              .sightings = &sightings_,
                                                              .report_exception = excepted,
                                                              .report_untrusted = untrusted},
                                                admission_, records_, requests_log_));
  return {};
}

boost::system::result<std::shared_ptr<Decryption>, std::string> Gateway::prepare_decryption(
    const conf::Settings& settings, const policy::Policy& policy) {
  if (!policy.decrypts()) return std::shared_ptr<Decryption>();
  auto decryption = Decryption::prepare(settings.tls);
  if (!decryption) return "[tls]: " + decryption.error();
  if ((*decryption)->key_log)
    spdlog::warn("tls.key_log: the secrets of every decrypted flow are written to {}", settings.tls.key_log.string());
  return std::move(*decryption);
}

void Gateway::announce_exception(flow::TlsCause cause, const tls::Parties& parties) {
  std::vector<std::pair<std::string, std::string>> fields{{"cause", flow::name(cause)}, {"name", parties.name}};
  if (tls::is_of_client(cause))
    fields.emplace_back("client", parties.client.text());
  else
    fields.emplace_back("destination", parties.destination.text());
  announce("tls_exception", std::move(fields));
}

void Gateway::announce_untrusted(const tls::Parties& parties, const std::string& why) {
  const auto destination = parties.destination.text();
  if (!told_.is_due("origin " + destination + ' ' + parties.name, std::chrono::steady_clock::now())) return;
  announce("untrusted_origin", {{"name", parties.name}, {"destination", destination}, {"reason", why}});
}

std::size_t Gateway::worker_count() const {
  if (!workers_.empty()) return workers_.size();
  const auto configured = settings_.gateway.workers;
  return configured != 0 ? configured : std::max(1U, std::thread::hardware_concurrency());
}

void Gateway::apply_flow_limit() {
  const auto wanted = settings_.gateway.max_flows;
  admission_.set_limit(wanted != 0 ? std::min(wanted, most_flows_) : most_flows_);
  if (wanted > most_flows_)
    spdlog::warn("gateway.max_flows = {}: the descriptor limit of {} allows {}", wanted, descriptor_limit_,
                 most_flows_);
}

Gateway::Result Gateway::open_watchers() {
  auto addresses = kernel::LocalAddresses::open();
  if (!addresses) return addresses.error();
  addresses_.emplace(control_, std::move(*addresses), [this] { on_address_change(); });
  if (mptcp_) {
    auto events = kernel::PathEvents::open();
    if (!events) return events.error();
    path_events_.emplace(control_, std::move(*events), [this] { on_path_events(); });
  }
  open_join_log();
  return open_packet_logs(settings_);
}

// What it tells is worth having, not worth refusing to start for.
void Gateway::open_join_log() {
  constexpr std::uint32_t kHeaders = 256;
  counters_before_joins_ = counters_at_start_ = kernel::mptcp_counters();
  if (!mptcp_) return;
  auto opened = kernel::PacketLog::open(kernel::kJoinGroup, kHeaders, "weir doctor --joins");
  if (opened.has_value())
    joins_seen_.emplace(control_, std::move(*opened), [this] { on_joins(); });
  else
    spdlog::warn("{}", opened.error());
}

Gateway::Result Gateway::open_log(std::optional<Readable<kernel::PacketLog>>& log, bool wanted, std::uint16_t group,
                                  std::uint32_t copied, const char* option, void (Gateway::*on_readable)()) {
  if (!wanted) log.reset();
  if (!wanted || log) return {};
  auto opened = kernel::PacketLog::open(group, copied, option);
  if (!opened) return opened.error();
  log.emplace(control_, std::move(*opened), [this, on_readable] { (this->*on_readable)(); });
  return {};
}

Gateway::Result Gateway::open_packet_logs(const conf::Settings& settings) {
  constexpr std::uint32_t kHeaders = 256;  // the longest IPv6 and TCP headers with room for extension headers
  constexpr std::uint32_t kAnswer = 2048;
  if (auto result =
          open_log(alerts_, settings.mptcp.alert, kernel::kAlertGroup, kHeaders, "mptcp.alert", &Gateway::on_alerts);
      !result)
    return result;
  return open_log(answers_, !settings.dns.watch.empty(), kernel::kAnswerGroup, kAnswer, "dns.watch",
                  &Gateway::on_answers);
}

void Gateway::keep_watch() {
  service_manager_.keep_watch(workers_.size(), [this](const std::function<void()>& answer) {
    for (const auto& worker : workers_) worker->post([this, answer] { boost::asio::post(control_, answer); });
  });
}

std::string Gateway::at_a_glance() const {
  std::string ports;
  for (const auto port : settings_.gateway.intercept_ports) ports += (ports.empty() ? "" : ", ") + std::to_string(port);
  return "running: " + std::to_string(workers_.size()) + " workers, port " + ports;
}

void Gateway::start_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    on_signal(signal);
    start_signals();
  });
}

void Gateway::on_signal(int signal) {
  if (signal == SIGHUP) {
    reload([](const std::vector<conf::Problem>&) {});
  } else if (phase_ == admin::Phase::draining) {
    spdlog::warn("second signal: ending at once");
    end_now();
  } else {
    drain();
  }
}

void Gateway::drain() {
  if (phase_ == admin::Phase::draining) return;
  phase_ = admin::Phase::draining;
  announce("drain", {});
  service_manager_.stopping("flows end within " + std::to_string(settings_.gateway.drain_timeout.count()) + " ms");
  for (const auto& worker : workers_)
    worker->post([this, worker = worker.get()] {
      worker->drain([this] {
        boost::asio::post(control_, [this] {
          if (++workers_drained_ == workers_.size()) control_.stop();
        });
      });
    });
  drain_timer_.expires_after(settings_.gateway.drain_timeout);
  drain_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    spdlog::warn("gateway.drain_timeout passed: ending the flows that are left");
    end_now();
  });
}

void Gateway::end_now() {
  for (const auto& worker : workers_)
    worker->post([worker = worker.get()] { worker->stop_flows(flow::Code::drained); });
}

void Gateway::stop() {
  if (admin_) admin_->stop();
  for (const auto& worker : workers_) worker->post([worker = worker.get()] { worker->finish(); });
  workers_.clear();
  path_events_.reset();
  alerts_.reset();
  answers_.reset();
  joins_seen_.reset();
  bypass_.reset();
  ruleset_.reset();
  if (network_)
    if (auto removed = network_->remove(); !removed) spdlog::error("{}", removed.error());
  spdlog::info("ended");
}

}  // namespace weir::session
