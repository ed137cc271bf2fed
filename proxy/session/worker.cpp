#include "proxy/session/worker.hpp"

#include <algorithm>

#include <pthread.h>

#include <spdlog/spdlog.h>

#include "proxy/kernel/mptcp_info.hpp"
#include "proxy/session/decryption.hpp"
#include "proxy/session/paths.hpp"

namespace weir::session {
namespace {

constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::seconds kSweep{1};
constexpr std::size_t kRecordBatch = 64 * 1024;

std::size_t index_of(auto value) { return static_cast<std::size_t>(value); }

}  // namespace

Worker::Worker(const Setup& setup, Admission& admission, LineLog& records, LineLog& requests)
    : resources_(setup.most_pipes),
      admission_(admission),
      records_(records),
      requests_(requests),
      snapshot_(setup.snapshot),
      name_reports_(setup.report_name),
      exceptions_(setup.exceptions),
      sightings_(setup.sightings),
      report_exception_(setup.report_exception),
      report_untrusted_(setup.report_untrusted),
      report_fallback_(setup.report_fallback),
      next_id_(setup.first_id + setup.index),
      workers_(setup.workers),
      last_sweep_(Clock::now()),
      next_tick_(last_sweep_) {}

Worker::~Worker() {
  if (thread_.joinable()) thread_.join();
}

void Worker::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "weir-worker");  // of another thread it is a file, which the fence refuses
    run();
  });
}

void Worker::run() {
  while (!finished_) {
    try {
      poller_.turn(until_tick());
      run_posted();
      flush_records();
      if (ticking_ && Clock::now() >= next_tick_) tick();
    } catch (const std::exception& error) {
      // Memory ran out in the middle of something: that is lost, the worker is not.
      spdlog::error("worker: {}", error.what());
    }
  }
}

// Without work of its own the context stops after each call; its queue, which other threads add to, stays.
void Worker::run_posted() {
  context_.restart();
  context_.poll();
}

std::chrono::milliseconds Worker::until_tick() const {
  if (!ticking_) return std::chrono::milliseconds(-1);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_tick_ - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

void Worker::listen(std::uint16_t port, net::Descriptor socket) {
  auto listener = std::make_unique<Listener>(*this, port);
  if (const auto error = listener->open(std::move(socket))) {
    spdlog::error("port {}: cannot watch the listener: {}", port, error.message());
    return;
  }
  listeners_.push_back(std::move(listener));
}

void Worker::stop_listening(std::uint16_t port) {
  for (const auto& listener : listeners_)
    if (listener->port() == port) listener->close();
  keep_ticking();
}

void Worker::take(const std::vector<kernel::PathEvent>& events) {
  for (const auto& event : events) {
    const auto found = by_token_.find(event.token);
    if (found == by_token_.end()) continue;
    auto& record = found->second->record;
    const auto before = record.paths.size();
    if (!take_event(record, event)) continue;
    count_joins(before, record);
    if (event.kind == kernel::PathEvent::Kind::subflow_closed) counters_.subflows_closed.add();
  }
}

void Worker::count_joins(std::size_t paths_before, const flow::Record& record) {
  const auto known = std::max<std::size_t>(1, paths_before);  // the first is no join
  if (record.paths.size() > known) counters_.subflows_joined.add(record.paths.size() - known);
}

void Worker::drain(std::function<void()> drained) {
  drained_ = std::move(drained);
  for (const auto& listener : listeners_) listener->close();
  keep_ticking();
}

void Worker::stop_flows(flow::Code code) {
  for (auto& flow : flows_) flow.stop(code);
}

void Worker::finish() { finished_ = true; }

std::vector<flow::Record> Worker::flows() const {
  std::vector<flow::Record> records;
  const auto now = Clock::now();
  for (const auto& flow : flows_) records.push_back(flow.snapshot(now));
  return records;
}

flow::TallyReport Worker::tally_report() const {
  auto report = tally_.report();
  for (const auto& flow : flows_)
    if (flow.relay) ++report.live[index_of(flow.record.disposition)];
  return report;
}

std::vector<std::uint32_t> Worker::tokens() const {
  std::vector<std::uint32_t> held;
  for (const auto& [token, flow] : by_token_) held.push_back(token);
  return held;
}

std::optional<flow::Record> Worker::flow(std::uint64_t id) {
  const auto found = std::ranges::find_if(flows_, [id](const Flow& flow) { return flow.record.id == id; });
  if (found == flows_.end()) return std::nullopt;
  if (found->record.token) sample_paths(*found);
  return found->snapshot(Clock::now());
}

void Worker::enter(Flow& flow) {
  flows_.push_back(flow);
  counters_.accepted[index_of(flow.record.transport)].add();
  counters_.live[index_of(flow.record.transport)].add();
  keep_ticking();
}

void Worker::leave(Flow& flow) {
  if (flow.record.transport == flow::Transport::mptcp) sample_paths(flow);
  flow.record = flow.snapshot(Clock::now());
  close_paths(flow.record);
  if (flow.record.token) by_token_.erase(*flow.record.token);
  flow.TableHook::unlink();
  counters_.live[index_of(flow.record.transport)].sub();
  counters_.ended[index_of(flow.record.end->side)][index_of(flow.record.end->code)].add();
  count_bytes(flow, flow.record.bytes_from_client, flow.record.bytes_to_client);
  tally_.flow_ended(flow.record);
  const auto spliced = flow.relay ? flow.relay->bytes_spliced() : 0;
  counters_.relayed_by_splice.add(spliced);
  counters_.relayed_by_copy.add(flow.record.bytes_from_client + flow.record.bytes_to_client - spliced);
  if (flow.record.fallback) {
    counters_.fallbacks.add();
    report_fallback_(flow.record.client.address, flow.record.destination);
  }
  resume_listeners();
}

// What moved since it was last asked: long flows show in the rates while they last.
void Worker::count_bytes(Flow& flow, std::uint64_t from_client, std::uint64_t to_client) {
  const auto add = [](flow::Counter& counter, std::uint64_t& counted, std::uint64_t now) {
    if (now > counted) counter.add(now - std::exchange(counted, now));
  };
  add(counters_.bytes_from_client, flow.counted_from_client, from_client);
  add(counters_.bytes_to_client, flow.counted_to_client, to_client);
}

void Worker::watch_token(Flow& flow) {
  by_token_[*flow.record.token] = &flow;
  // A join may have come before the accept, and its event with it: whatever is there already is seen now.
  sample_paths(flow);
}

void Worker::await_deadline(Flow& flow, Clock::duration after) {
  flow.deadline = Clock::now() + after;
  deadlines_.push_back(flow);
  keep_ticking();
}

void Worker::wake_at_tick(Flow& flow) {
  flow.wants_tick = tick_wanted_ = true;
  keep_ticking();
}

void Worker::sample_paths(Flow& flow) {
  if (kernel::read_subflows(flow.client.fd(), subflows_)) return;
  const auto before = flow.record.paths.size();
  take_sample(flow.record, subflows_);
  count_joins(before, flow.record);
  const auto state = kernel::mptcp_state(flow.client.fd());
  flow.record.fallback = flow.record.fallback || (state && state->fallback);
}

bool Worker::wants_names() const { return records_.enabled() || NameReports::are_of_use(snapshot_->policy); }

void Worker::report_name(const Flow& flow, const policy::DomainName& name, bool must_be_read) {
  if (NameReports::are_of_use(snapshot_->policy))
    name_reports_.take(snapshot_->policy, name, flow.record.destination.address, must_be_read, Clock::now());
}

std::shared_ptr<TlsSides> Worker::tls_sides() {
  const auto& wanted = snapshot_->decryption;
  if (!wanted)
    tls_sides_.reset();
  else if (!tls_sides_ || tls_sides_->shared != wanted)
    tls_sides_ = std::make_shared<TlsSides>(wanted);
  return tls_sides_;
}

void Worker::write_record(const flow::Record& record) {
  if (!records_.enabled()) return;
  record_lines_ += flow::to_json(record);
  record_lines_ += '\n';
  if (record_lines_.size() >= kRecordBatch) flush(records_, record_lines_);
}

void Worker::write_request(const flow::RequestRecord& record) {
  if (!requests_.enabled()) return;
  request_lines_ += flow::to_json(record, snapshot_->settings.log.request_query);
  request_lines_ += '\n';
  if (request_lines_.size() >= kRecordBatch) flush(requests_, request_lines_);
}

void Worker::flush_records() {
  flush(records_, record_lines_);
  flush(requests_, request_lines_);
}

void Worker::flush(LineLog& log, std::string& lines) {
  if (lines.empty()) return;
  const auto count = static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
  if (!log.write(std::exchange(lines, {}))) counters_.records_dropped.add(count);
}

void Worker::keep_ticking() {
  if (std::exchange(ticking_, true)) return;
  next_tick_ = Clock::now() + kTick;
}

// One coarse timer for all flows of the worker, and none while there are none: time-outs are seconds, not milliseconds.
void Worker::tick() {
  ticking_ = false;
  const auto now = Clock::now();
  expire_deadlines(now);
  if (now - last_sweep_ >= kSweep || snapshot_->settings.gateway.idle_timeout < kSweep) sweep(now);
  if (std::exchange(tick_wanted_, false))
    for (auto& flow : flows_)
      if (std::exchange(flow.wants_tick, false)) flow.waiter.wake();
  resume_listeners();
  std::erase_if(listeners_, [](const auto& listener) { return listener->is_closed(); });
  report_if_drained();
  const bool paused = std::ranges::any_of(listeners_, [](const auto& listener) { return listener->is_paused(); });
  if (!flows_.empty() || paused || drained_) keep_ticking();
}

void Worker::expire_deadlines(Clock::time_point now) {
  // Few flows have one at any time: those that are being dialled or that pass on a reset.
  for (auto flow = deadlines_.begin(); flow != deadlines_.end();) {
    auto& due = *flow++;
    if (due.deadline > now) continue;
    due.DeadlineHook::unlink();
    due.stop(flow::Code::timeout);
  }
}

void Worker::sweep(Clock::time_point now) {
  last_sweep_ = now;
  const auto idle_timeout = snapshot_->settings.gateway.idle_timeout;
  for (auto& flow : flows_) {
    if (!flow.relay) continue;
    if (now - flow.last_active >= idle_timeout) flow.stop(flow::Code::idle);
    if (flow.relay->tick(now)) flow.waiter.wake();
    const auto from_client = flow.relay->bytes_from_client();
    const auto to_client = flow.relay->bytes_to_client();
    count_bytes(flow, from_client, to_client);
    if (flow.record.transport != flow::Transport::mptcp) continue;
    const auto moved = from_client + to_client;
    if (std::exchange(flow.bytes_at_sample, moved) != moved) sample_paths(flow);
  }
}

void Worker::resume_listeners() {
  for (const auto& listener : listeners_) listener->resume();
}

void Worker::report_if_drained() {
  if (drained_ && flows_.empty() && listeners_.empty()) std::exchange(drained_, nullptr)();
}

}  // namespace weir::session
