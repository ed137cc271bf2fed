#include "proxy/flow/join_log.hpp"

#include <algorithm>

namespace weir::flow {
namespace {

constexpr std::chrono::seconds kPatience{3};
constexpr std::size_t kMostWaiting = 4096;

std::uint64_t value(const MptcpCounters& counters, const std::string& name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

// What the kernel has counted meanwhile. Several attempts at once share it; the first that fits is named.
JoinCause cause_of(const MptcpCounters& before, const MptcpCounters& now) {
  const auto grew = [&](const char* name) { return value(now, name) > value(before, name); };
  if (grew("MismatchPortSynRx") || grew("MismatchPortAckRx")) return JoinCause::wrong_port;
  if (grew("MPJoinNoTokenFound")) return JoinCause::no_token;
  if (grew("MPJoinAckHMacFailure")) return JoinCause::wrong_hmac;
  if (grew("MPJoinRejected")) return JoinCause::refused;
  return JoinCause::unfinished;
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

struct CounterMeaning {
  const char* counter;
  const char* one;
  const char* many;
};

constexpr CounterMeaning kMeanings[] = {
    {"MPCapableFallbackACK",
     "connection went on as TCP: the third packet of its handshake came without option 30, which a "
     "box on the way may strip",
     "connections went on as TCP: the third packet of their handshake came without option 30, which a box on the way "
     "may "
     "strip"},
    {"MPCapableDataFallback", "connection fell back to TCP: its first data came without MPTCP's mapping",
     "connections fell back to TCP: their first data came without MPTCP's mapping"},
    {"DssFallback", "connection fell back to TCP: data came without MPTCP's mapping",
     "connections fell back to TCP: data came without MPTCP's mapping"},
    {"InfiniteMapRx", "connection fell back to TCP at the client's wish (an infinite mapping)",
     "connections fell back to TCP at the client's wish (an infinite mapping)"},
    {"DSSCorruptionFallback", "connection fell back to TCP: its mapping was corrupt",
     "connections fell back to TCP: their mapping was corrupt"},
    {"DSSCorruptionReset", "subflow was reset: its mapping was corrupt",
     "subflows were reset: their mapping was corrupt"},
    {"DataCsumErr", "checksum of data was wrong: a box on the way changes what it carries",
     "checksums of data were wrong: a box on the way changes what it carries"},
    {"MPFailRx", "client told of data that had been changed on the way (MP_FAIL)",
     "times a client told of data that had been changed on the way (MP_FAIL)"},
    {"MPFallbackTokenInit", "connection went on as TCP: no token could be made for it",
     "connections went on as TCP: no token could be made for them"},
    {"MismatchPortSynRx", "join came to another port than its connection's",
     "joins came to another port than their connection's"},
    {"MPJoinNoTokenFound", "join named no connection that the kernel knew",
     "joins named no connection that the kernel knew"},
    {"MPJoinRejected", "join was refused by the limit of subflows", "joins were refused by the limit of subflows"},
    {"MPJoinAckHMacFailure", "join had a wrong HMAC", "joins had a wrong HMAC"},
    {"SubflowStale", "subflow was given up as stale", "subflows were given up as stale"},
};

}  // namespace

const char* name(JoinCause cause) {
  switch (cause) {
    case JoinCause::not_weirs: return "not_weirs";
    case JoinCause::no_token: return "no_token";
    case JoinCause::wrong_port: return "wrong_port";
    case JoinCause::refused: return "refused";
    case JoinCause::wrong_hmac: return "wrong_hmac";
    case JoinCause::unfinished: return "unfinished";
  }
  return "unknown";
}

std::string why(JoinCause cause, const std::string& unknown) {
  switch (cause) {
    case JoinCause::not_weirs:
      return "of a connection that is not weir's, and " +
             std::string(unknown == "direct" ? "went on to the destination" : "dropped") +
             " (mptcp.joins.unknown = \"" + unknown + "\")";
    case JoinCause::no_token: return "refused, because the kernel knew no such connection: it had ended";
    case JoinCause::wrong_port: return "refused, because of another port than the connection's own";
    case JoinCause::refused: return "refused, because the connection has as many subflows as mptcp.max_subflows allows";
    case JoinCause::wrong_hmac:
      return "refused, because the HMAC was wrong: the client has other keys, or a box on the way changes the option";
    case JoinCause::unfinished: break;
  }
  return "answered and not completed: the third packet did not come, or came without its option, which a box on the "
         "way "
         "may strip";
}

void JoinLog::syn(const policy::Endpoint& client, const policy::Endpoint& destination, std::uint32_t token, bool is_own,
                  Time now, const MptcpCounters& kernel) {
  const AttemptKey key(client, token);
  if (const auto known = waiting_.find(key); known != waiting_.end()) {
    known->second.is_own = known->second.is_own || is_own;
    return;
  }
  auto& seen = path(client.address, destination);
  ++seen.attempts;
  if (early_.erase(key) > 0)
    ++seen.joined;
  else if (waiting_.size() < kMostWaiting)
    waiting_.emplace(key, Attempt{destination, is_own, now, kernel});
}

void JoinLog::joined(std::uint32_t token, const policy::Endpoint& client, Time now) {
  const auto found = waiting_.find({client, token});
  if (found == waiting_.end()) {
    if (early_.size() < kMostWaiting) early_.emplace(AttemptKey(client, token), now);
    return;
  }
  ++path(client.address, found->second.destination).joined;
  waiting_.erase(found);
}

void JoinLog::fell_back(const policy::Address& client, const policy::Endpoint& destination) {
  ++path(client, destination).fallbacks;
}

std::vector<JoinFailure> JoinLog::settle(Time now, const MptcpCounters& kernel,
                                         const std::function<bool(std::uint32_t)>& is_own) {
  std::vector<JoinFailure> failures;
  std::erase_if(early_, [now](const auto& one) { return now - one.second >= kPatience; });
  for (auto attempt = waiting_.begin(); attempt != waiting_.end();) {
    const auto& [key, facts] = *attempt;
    if (now - facts.since < kPatience) {
      ++attempt;
      continue;
    }
    const bool own = facts.is_own || is_own(key.second);
    const auto cause = own ? cause_of(facts.kernel, kernel) : JoinCause::not_weirs;
    ++path(key.first.address, facts.destination).failed[static_cast<std::size_t>(cause)];
    failures.push_back({key.first.address, facts.destination, cause});
    attempt = waiting_.erase(attempt);
  }
  return failures;
}

std::vector<JoinPath> JoinLog::paths() const {
  std::vector<JoinPath> all;
  for (const auto& [key, path] : paths_) all.push_back(path);
  std::ranges::sort(all, std::greater{}, &JoinPath::order);
  return all;
}

JoinPath& JoinLog::path(const policy::Address& client, const policy::Endpoint& destination) {
  const PathKey key(client, destination);
  if (!paths_.contains(key) && paths_.size() >= most_)
    paths_.erase(std::ranges::min_element(paths_, {}, [](const auto& one) { return one.second.order; }));
  auto& found = paths_[key];
  found.client = client;
  found.destination = destination;
  found.order = ++order_;
  return found;
}

std::string sentence(const JoinPath& path, const std::string& unknown) {
  auto text = path.client.text() + " to " + path.destination.text() + ": ";
  std::string told;
  const auto add = [&told](const std::string& part) { told += (told.empty() ? "" : "; ") + part; };
  if (path.attempts > 0)
    add(std::to_string(path.joined) + " of " + counted(path.attempts, "join", "joins") + " succeeded");
  for (std::size_t i = 0; i < kJoinCauses; ++i)
    if (path.failed[i] > 0) add(std::to_string(path.failed[i]) + " " + why(static_cast<JoinCause>(i), unknown));
  if (path.fallbacks > 0)
    add(counted(path.fallbacks, "connection", "connections") + " fell back to TCP after the handshake");
  return text + told;
}

std::vector<std::string> sentences(const MptcpCounters& since_start) {
  std::vector<std::string> all;
  for (const auto& [counter, one, many] : kMeanings)
    if (const auto count = value(since_start, counter); count > 0) all.push_back(counted(count, one, many));
  return all;
}

}  // namespace weir::flow
