// What the gateway tells the admin service.
#include <algorithm>
#include <iterator>

#include "proxy/kernel/mptcp_counters.hpp"
#include "proxy/kernel/ruleset_syn.hpp"
#include "proxy/session/gateway.hpp"

namespace weir::session {
namespace {

// Answers of several workers, put together on the control thread.
template <typename Answer>
struct Gathering {
  Answer answer{};
  std::size_t missing;
  std::function<void(Answer)> done;
};

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
  return admin::explain(whole, question, bypass_->learned_for(question.to.address));
}

std::vector<flow::Event> Gateway::events_after(std::uint64_t sequence) { return events_.after(sequence); }

}  // namespace weir::session
