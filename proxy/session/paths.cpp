#include "proxy/session/paths.hpp"

#include <algorithm>

namespace weir::session {
namespace {

// A path whose end is known never matches: the same addresses again are another subflow.
flow::Path* find_open(flow::Record& record, const policy::Endpoint& client, const policy::Endpoint& local) {
  const auto found = std::ranges::find_if(record.paths, [&](const flow::Path& path) {
    return path.end.empty() && path.client == client && path.local == local;
  });
  return found == record.paths.end() ? nullptr : &*found;
}

// The kernel bounds how many are live (ip mptcp limits), but not how many a client opens one after the other.
constexpr std::size_t kMostPaths = 64;

void forget_oldest(flow::Record& record) {
  const auto oldest = std::ranges::find_if(record.paths, [](const flow::Path& path) { return !path.live; });
  if (oldest == record.paths.end()) return;
  record.paths.erase(oldest);
  ++record.paths_left_out;
}

flow::Path& live_path(flow::Record& record, const policy::Endpoint& client, const policy::Endpoint& local) {
  if (auto* path = find_open(record, client, local); path != nullptr && path->live) return *path;
  if (record.paths.size() >= kMostPaths) forget_oldest(record);
  flow::Path path;
  path.client = client;
  path.local = local;
  return record.paths.emplace_back(std::move(path));
}

void count_live(flow::Record& record) {
  record.subflows_now =
      static_cast<unsigned>(std::ranges::count_if(record.paths, [](const flow::Path& path) { return path.live; }));
  record.subflows = std::max(record.subflows, record.subflows_now);
}

}  // namespace

void take_sample(flow::Record& record, const std::vector<kernel::SubflowState>& subflows) {
  for (auto& path : record.paths) {
    const bool there = std::ranges::any_of(subflows, [&](const kernel::SubflowState& subflow) {
      return path.client == subflow.remote && path.local == subflow.local;
    });
    if (!there) path.live = false;  // the kernel's event says why
  }
  for (const auto& subflow : subflows) {
    auto& path = live_path(record, subflow.remote, subflow.local);
    path.bytes_from_client = std::max(path.bytes_from_client, subflow.bytes_received);
    path.bytes_to_client = std::max(path.bytes_to_client, subflow.bytes_sent);
    path.round_trip = subflow.round_trip;
    path.retransmissions = subflow.retransmissions;
  }
  count_live(record);
}

bool take_event(flow::Record& record, const kernel::PathEvent& event) {
  switch (event.kind) {
    case kernel::PathEvent::Kind::subflow_established:
    case kernel::PathEvent::Kind::subflow_priority:
      live_path(record, event.remote, event.local).backup = event.backup;
      break;
    case kernel::PathEvent::Kind::subflow_closed: {
      auto* path = find_open(record, event.remote, event.local);
      if (path == nullptr) return false;
      path->live = false;
      path->end = kernel::describe_end(event);
      break;
    }
  }
  count_live(record);
  return true;
}

void close_paths(flow::Record& record) {
  for (auto& path : record.paths) {
    if (path.end.empty()) path.end = path.live ? "connection closed" : "closed";
    path.live = false;
  }
  record.subflows_now = 0;
}

}  // namespace weir::session
