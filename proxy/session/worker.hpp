// One thread, its io_context, its listeners and its flows. A flow lives and dies on one worker; other threads reach it
// only by `post`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "proxy/flow/counters.hpp"
#include "proxy/flow/request_record.hpp"
#include "proxy/flow/tally.hpp"
#include "proxy/kernel/mptcp_info.hpp"
#include "proxy/kernel/path_events.hpp"
#include "proxy/names/sightings.hpp"
#include "proxy/net/poller.hpp"
#include "proxy/relay/resources.hpp"
#include "proxy/session/admission.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/handshake_limit.hpp"
#include "proxy/session/line_log.hpp"
#include "proxy/session/listener.hpp"
#include "proxy/session/name_reports.hpp"
#include "proxy/session/snapshot.hpp"
#include "proxy/tls/exceptions.hpp"

namespace weir::session {

struct TlsSides;

class Worker {
 public:
  struct Setup {
    unsigned index = 0;
    unsigned workers = 1;
    std::uint64_t first_id = 0;
    std::size_t most_pipes = 0;
    SnapshotPointer snapshot;
    std::function<void(NameSeen)> report_name;
    std::function<void(policy::Address client, policy::Endpoint destination)> report_fallback;
    tls::Exceptions* exceptions = nullptr;        // shared by all
    const names::Sightings* sightings = nullptr;  // shared by all
    std::function<void(flow::TlsCause, const tls::Parties&)> report_exception;
    std::function<void(const tls::Parties&, const std::string& why)> report_untrusted;
  };
  // `admission` and the logs are shared and outlive the worker.
  Worker(const Setup&, Admission& admission, LineLog& records, LineLog& requests);
  ~Worker();  // joins the thread; `finish` must have been called if it was started
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  template <typename Function>
  void post(Function function) {
    boost::asio::post(context_, std::move(function));
    poller_.interrupt();
  }
  const flow::Counters& counters() const { return counters_; }

  // On the worker's thread only, from here on.
  void listen(std::uint16_t port, net::Descriptor);
  void stop_listening(std::uint16_t port);
  void take(SnapshotPointer snapshot) { snapshot_ = std::move(snapshot); }
  void take(const std::vector<kernel::PathEvent>&);
  // Accepts no more; `drained` is called once, when the last flow has ended.
  void drain(std::function<void()> drained);
  void stop_flows(flow::Code);
  void finish();  // the thread ends
  std::vector<flow::Record> flows() const;
  flow::TallyReport tally_report() const;
  std::vector<std::uint32_t> tokens() const;           // of its MPTCP flows
  std::optional<flow::Record> flow(std::uint64_t id);  // its paths as they are now

  // For the flows of this worker.
  const Snapshot& snapshot() const { return *snapshot_; }
  SnapshotPointer shared_snapshot() const { return snapshot_; }
  boost::asio::io_context& context() { return context_; }
  net::Poller& poller() { return poller_; }
  relay::Resources& resources() { return resources_; }
  std::uint64_t next_id() { return next_id_ += workers_; }
  void enter(Flow&);
  void leave(Flow&);
  void watch_token(Flow&);
  void await_deadline(Flow&, Clock::duration);  // `stop(timeout)` when it passes
  void wake_at_tick(Flow&);                     // once, within 100 ms
  void sample_paths(Flow&);
  void write_record(const flow::Record&);
  bool wants_requests() const { return requests_.enabled(); }
  void write_request(const flow::RequestRecord&);
  // Whether the names of flows are of use to anybody: the records, or the bypass list.
  bool wants_names() const;
  // Tells the control thread that the name was seen at the flow's destination. `must_be_read`: policy does not let that
  // name go by unread.
  void report_name(const Flow&, const policy::DomainName&, bool must_be_read);
  // Whether the DNS was seen to say so; known only where the policy in force asks for confirmed names.
  bool name_seen_at(const policy::DomainName& name, const policy::Address& address) const {
    return sightings_->has(name, address, Clock::now());
  }
  flow::Counters& count() { return counters_; }
  flow::Tally& tally() { return tally_; }
  // Null where the policy in force decrypts nothing.
  std::shared_ptr<TlsSides> tls_sides();
  HandshakeLimit& handshakes() { return handshakes_; }
  tls::Exceptions& exceptions() { return *exceptions_; }
  void report_exception(flow::TlsCause cause, const tls::Parties& parties) { report_exception_(cause, parties); }
  void report_untrusted(const tls::Parties& origin, const std::string& why) { report_untrusted_(origin, why); }

 private:
  friend class Listener;
  void run();
  void run_posted();
  std::chrono::milliseconds until_tick() const;
  void flush_records();
  void flush(LineLog&, std::string& lines);
  void keep_ticking();
  void tick();
  void expire_deadlines(Clock::time_point now);
  void sweep(Clock::time_point now);
  void resume_listeners();
  void report_if_drained();
  void count_bytes(Flow&, std::uint64_t from_client, std::uint64_t to_client);
  void count_joins(std::size_t paths_before, const flow::Record&);

  HandshakeLimit handshakes_;        // outlives the flows, which hold places
  boost::asio::io_context context_;  // runs what is posted and spawned; its own reactor is never made
  net::Poller poller_;
  relay::Resources resources_;
  Admission& admission_;
  LineLog& records_;
  LineLog& requests_;
  SnapshotPointer snapshot_;
  flow::Counters counters_;
  flow::Tally tally_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  FlowTable flows_;
  DeadlineList deadlines_;
  std::unordered_map<std::uint32_t, Flow*> by_token_;
  NameReports name_reports_;
  std::shared_ptr<TlsSides> tls_sides_;  // of the snapshot in force when it was last asked for
  tls::Exceptions* exceptions_;
  const names::Sightings* sightings_;
  std::function<void(flow::TlsCause, const tls::Parties&)> report_exception_;
  std::function<void(const tls::Parties&, const std::string&)> report_untrusted_;
  std::function<void(policy::Address, policy::Endpoint)> report_fallback_;
  std::vector<kernel::SubflowState> subflows_;  // scratch of sample_paths
  std::string record_lines_;
  std::string request_lines_;
  std::function<void()> drained_;
  std::uint64_t next_id_;
  std::uint64_t workers_;
  Clock::time_point last_sweep_;
  Clock::time_point next_tick_;
  bool ticking_ = false;
  bool finished_ = false;
  bool tick_wanted_ = false;
  std::thread thread_;
};

}  // namespace weir::session
