// What the gateway tells the admin service.
#include <algorithm>
#include <iterator>

#include "pki/authority.hpp"
#include "policy/domain_name.hpp"
#include "proxy/kernel/mptcp_counters.hpp"
#include "proxy/kernel/ruleset_syn.hpp"
#include "proxy/session/gateway.hpp"
#include "proxy/session/learn_exception.hpp"

namespace weir::session {
namespace {

// Answers of several workers, put together on the control thread.
template <typename Answer>
struct Gathering {
  Answer answer{};
  std::size_t missing;
  std::function<void(Answer)> done;
};

constexpr std::size_t kFirstExceptions = 5;

admin::TlsException shown(const tls::Exception& exception, std::chrono::steady_clock::time_point now) {
  return {.cause = exception.cause,
          .client = exception.client,
          .destination = exception.destination,
          .name = exception.name,
          .left = std::chrono::ceil<std::chrono::seconds>(exception.until - now)};
}

std::vector<admin::TlsException> shown(const std::vector<tls::Exception>& exceptions,
                                       std::chrono::steady_clock::time_point now) {
  std::vector<admin::TlsException> all;
  all.reserve(exceptions.size());
  for (const auto& exception : exceptions) all.push_back(shown(exception, now));
  return all;
}

// As exceptions are kept, whatever form it is asked for in.
std::string as_kept(const std::string& what) {
  if (const auto name = policy::DomainName::parse(what)) return name->text();
  if (const auto address = policy::Address::parse(what)) return address->text();
  const auto endpoint = policy::Endpoint::parse(what);
  return endpoint ? endpoint->text() : what;
}

}  // namespace

admin::Status Gateway::status() {
  admin::Status status;
  status.version = version_;
  status.started = started_;
  status.phase = phase_;
  status.mptcp = mptcp_;
  status.manage_network = settings_.gateway.manage_network;
  status.rules_installed = network_ && network_->installed();
  status.workers = static_cast<unsigned>(workers_.size());
  status.max_flows = admission_.limit();
  status.intercept_ports = settings_.gateway.intercept_ports;
  status.client_interfaces = settings_.gateway.client_interfaces;
  for (const auto& entry : policy_.bypasses->entries) status.bypasses.push_back(entry.name);
  status.rules = policy_.rules->entries.size();
  status.on_syn = policy::name(policy_.on_syn);
  status.configuration = file_.string();
  status.configuration_read = configuration_read_;
  status.reload_refused = reload_refused_;
  status.tls = tls_status();
  status.records_lost = records_.lost() + requests_log_.lost() + events_log_.lost();
  return status;
}

admin::TlsStatus Gateway::tls_status() const {
  const auto now = std::chrono::steady_clock::now();
  admin::TlsStatus status;
  status.exceptions = exceptions_.size(now);
  status.first_exceptions = shown(exceptions_.list(now, kFirstExceptions), now);
  if (!decryption_) return status;
  const auto& authority = *decryption_->authority;
  const auto& leaves = decryption_->leaves;
  status.decrypts = true;
  status.ca = {.subject = pki::subject(*authority.root()),
               .expires = authority.expires(),
               .sha256 = pki::fingerprint(*authority.root())};
  status.leaves = {.made = leaves.made(), .hits = leaves.hits(), .kept = leaves.size()};
  return status;
}

std::vector<const flow::Counters*> Gateway::counters() {
  std::vector<const flow::Counters*> all;
  for (const auto& worker : workers_) all.push_back(&worker->counters());
  return all;
}

void Gateway::flows(std::function<void(std::vector<flow::Record>)> done) {
  using Flows = std::vector<flow::Record>;
  auto gathering = std::make_shared<Gathering<Flows>>(Gathering<Flows>{{}, workers_.size(), std::move(done)});
  for (const auto& worker : workers_)
    worker->post([this, worker = worker.get(), gathering] {
      boost::asio::post(control_, [gathering, some = worker->flows()]() mutable {
        std::ranges::move(some, std::back_inserter(gathering->answer));
        if (--gathering->missing == 0) gathering->done(std::move(gathering->answer));
      });
    });
}

void Gateway::flow(std::uint64_t id, std::function<void(std::optional<flow::Record>)> done) {
  using Found = std::optional<flow::Record>;
  auto gathering = std::make_shared<Gathering<Found>>(Gathering<Found>{{}, workers_.size(), std::move(done)});
  for (const auto& worker : workers_)
    worker->post([this, worker = worker.get(), gathering, id] {
      boost::asio::post(control_, [gathering, found = worker->flow(id)]() mutable {
        if (found) gathering->answer = std::move(found);
        if (--gathering->missing == 0) gathering->done(std::move(gathering->answer));
      });
    });
}

void Gateway::tally(std::function<void(flow::TallyReport)> done) {
  using flow::TallyReport;
  auto gathering =
      std::make_shared<Gathering<TallyReport>>(Gathering<TallyReport>{{}, workers_.size(), std::move(done)});
  for (const auto& worker : workers_)
    worker->post([this, worker = worker.get(), gathering] {
      boost::asio::post(control_, [gathering, report = worker->tally_report()] {
        gathering->answer += report;
        if (--gathering->missing == 0) gathering->done(std::move(gathering->answer));
      });
    });
}

admin::BypassList Gateway::bypass() {
  auto list = bypass_->list();
  const auto counters = kernel_counters().rules;
  for (std::size_t i = 0; i < list.configured.size(); ++i)
    if (const auto found = counters.find(kernel::bypass_counter(i)); found != counters.end())
      list.configured[i].syns = found->second;
  return list;
}

boost::system::result<void, std::string> Gateway::add_bypass(const admin::BypassRequest& request) {
  return bypass_->add(request);
}

std::size_t Gateway::remove_bypass(const std::string& what, const std::string& who) {
  return bypass_->remove(what, who);
}

std::vector<admin::TlsException> Gateway::exceptions() {
  const auto now = std::chrono::steady_clock::now();
  return shown(exceptions_.list(now), now);
}

std::size_t Gateway::remove_exceptions(const std::string& what, const std::string& who) {
  const auto form = as_kept(what);
  const auto removed = exceptions_.remove(form, std::chrono::steady_clock::now());
  if (removed > 0) announce("tls_exception_removed", {{"what", form}, {"who", who}});
  return removed;
}

std::optional<admin::CaFiles> Gateway::ca_files() {
  if (!decryption_) return std::nullopt;
  const auto& root = *decryption_->authority->root();
  return admin::CaFiles{.der = pki::to_der(root), .pem = pki::to_pem(root), .mobileconfig = pki::to_mobileconfig(root)};
}

admin::JoinReport Gateway::joins() {
  admin::JoinReport report{.paths = joins_.paths(), .since_start = kernel::mptcp_counters(), .unknown = "direct"};
  if (settings_.mptcp.unknown_joins == conf::UnknownJoins::drop) report.unknown = "drop";
  for (auto& [name, value] : report.since_start)
    if (const auto before = counters_at_start_.find(name); before != counters_at_start_.end())
      value -= std::min(value, before->second);
  return report;
}

admin::KernelCounters Gateway::kernel_counters() {
  return {network_ ? network_->counters() : std::map<std::string, std::uint64_t>{}, kernel::mptcp_counters()};
}

admin::Explanation Gateway::explain(const admin::Question& question) {
  auto whole = policy_;
  whole.run_time = bypass_->run_time_table();
  auto asked = question;
  if (asked.domain && !asked.name_confirmed)
    asked.name_confirmed = sightings_.has(*asked.domain, asked.to.address, std::chrono::steady_clock::now());
  admin::Known known{.learned = bypass_->learned_for(asked.to.address),
                     .intercept_ports = settings_.gateway.intercept_ports};
  if (addresses_) known.own_addresses = addresses_->source().now();
  const tls::Parties parties{.client = asked.from,
                             .destination = asked.to,
                             .name = asked.domain ? asked.domain->text() : asked.to.address.text()};
  known.exception = exceptions_.find(parties, std::chrono::steady_clock::now());
  // A question does not say whether the hello is encrypted.
  if (known.exception == flow::TlsCause::encrypted_client_hello) known.exception.reset();
  if (known.exception)
    known.exception_blocks = instead_of_decrypting(settings_.tls, *known.exception) == conf::Instead::block;
  return admin::explain(whole, asked, std::move(known));
}

std::vector<flow::Event> Gateway::events_after(std::uint64_t sequence) { return events_.after(sequence); }

}  // namespace weir::session
