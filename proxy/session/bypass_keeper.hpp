// Keeps the bypass list's living part: addresses learned for names, entries added at run time, and the kernel's sets of
// both. On the control thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "conf/settings.hpp"
#include "proxy/admin/bypass_view.hpp"
#include "proxy/bypass/learned.hpp"
#include "proxy/bypass/run_time.hpp"
#include "proxy/kernel/live_sets.hpp"
#include "proxy/kernel/set_writer.hpp"
#include "proxy/names/dns_answer.hpp"
#include "proxy/names/refresh.hpp"
#include "proxy/names/resolver.hpp"
#include "proxy/session/name_reports.hpp"

namespace weir::session {

class BypassKeeper {
 public:
  struct Hooks {
    std::function<void()> run_time_changed;  // the policy of workers is another now
    std::function<void(const std::vector<kernel::SetChange>&)> write;
    std::function<void(const std::string& kind, std::vector<std::pair<std::string, std::string>> fields)> announce;
    std::function<void(const policy::DomainName&, std::span<const names::Answer>)> answered;  // of any name
  };
  BypassKeeper(boost::asio::io_context&, Hooks);

  // The policy in force from now on, its own run-time table aside.
  void configure(const policy::Policy&, const conf::DnsSettings&);

  std::shared_ptr<const policy::BypassTable> run_time_table() const { return run_time_table_; }
  // What a table made anew has to have. `policy`: the one it is made for.
  void add_to(kernel::LiveSets&, const policy::Policy&) const;

  void take(const NameSeen&);
  void take(const names::DnsAnswer&);

  boost::system::result<void, std::string> add(const admin::BypassRequest&);
  // How many entries and learned addresses went.
  std::size_t remove(const std::string& what, const std::string& who);
  admin::BypassList list() const;
  // Of one address: for whom it was learned.
  std::vector<policy::LearnedFor> learned_for(const policy::Address&) const;

 private:
  bypass::Time now() const { return std::chrono::steady_clock::now(); }
  void learn(const bypass::Entry&, const policy::Address&, bypass::Origin, const std::string& name, bypass::Time until);
  void open_resolver();
  void resolve_due();
  void take_resolved(const std::string& name, const names::Resolution&);
  std::vector<bypass::Entry> entries_naming(const policy::DomainName&) const;
  std::chrono::seconds learn_for(const bypass::Entry&) const;
  void update_names();
  void write_changes();
  void write_run_time();
  void run_time_has_changed();
  void arm();
  void tick();

  boost::asio::io_context& context_;
  Hooks hooks_;
  policy::Policy policy_;
  conf::DnsSettings dns_;
  bypass::LearnedTable learned_;
  bypass::RunTimeList run_time_;
  std::shared_ptr<const policy::BypassTable> run_time_table_ = std::make_shared<const policy::BypassTable>();
  names::RefreshPlan plan_{names::RefreshLimits{}};
  std::optional<names::Resolver> resolver_;
  boost::asio::steady_timer timer_;
  std::optional<bypass::Time> armed_;  // when the timer is due
};

}  // namespace weir::session
