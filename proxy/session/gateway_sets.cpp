// What the gateway keeps in the kernel's sets while it runs: its connections' tokens, and the bypass list's living
// part.
#include <algorithm>

#include <spdlog/spdlog.h>

#include "proxy/session/gateway.hpp"

namespace weir::session {
namespace {

using kernel::SetChange;

SetChange token_change(std::uint32_t token, SetChange::Kind kind) {
  return {.kind = kind, .set = std::string(kernel::kTokenSet), .key = kernel::key_of(token)};
}

}  // namespace

void Gateway::make_bypass_keeper() {
  auto sets = kernel::SetWriter::open();
  if (sets.has_value())
    sets_.emplace(std::move(*sets));
  else
    spdlog::error("{}", sets.error());
  bypass_.emplace(control_,
                  BypassKeeper::Hooks{
                      .run_time_changed = [this] { publish_snapshot_and_wait(settings_, policy_, decryption_); },
                      .write = [this](const std::vector<SetChange>& changes) { write_sets(changes); },
                      .announce =
                          [this](const std::string& kind, std::vector<std::pair<std::string, std::string>> fields) {
                            announce(kind, std::move(fields));
                          },
                      .answered =
                          [this](const policy::DomainName& name, std::span<const names::Answer> addresses) {
                            if (policy_.asks_for_confirmed_names())
                              sightings_.take(name, addresses, std::chrono::steady_clock::now());
                          },
                  });
  bypass_->configure(policy_, settings_.dns);
}

// Where the table is gone, whoever took it away has woken the ruleset watch, which puts it back with all its elements.
// An element that expired in the kernel just now takes the whole transaction with it: then each change goes by itself.
void Gateway::write_sets(const std::vector<SetChange>& changes) {
  if (!sets_) return;
  const auto error = sets_->apply(changes);
  if (error != std::errc::no_such_file_or_directory) {
    if (error) spdlog::warn("the kernel's sets cannot be written: {}", error.message());
    return;
  }
  for (const auto& change : changes) sets_->apply(std::span(&change, 1));
}

// A connection that began and ended between two reads needs no element.
void Gateway::take_tokens(const std::vector<kernel::ConnectionEvent>& events) {
  std::vector<SetChange> changes;
  for (const auto& [token, began] : events) {
    if (began && tokens_.insert(token).second) {
      changes.push_back(token_change(token, SetChange::Kind::add));
    } else if (!began && tokens_.erase(token) > 0) {
      const auto added = std::ranges::find_if(changes, [key = kernel::key_of(token)](const SetChange& change) {
        return change.key == key && change.kind == SetChange::Kind::add;
      });
      if (added != changes.end())
        changes.erase(added);
      else
        changes.push_back(token_change(token, SetChange::Kind::remove));
    }
  }
  write_sets(changes);
}

// Events were lost: the workers know which connections there are. One that was not accepted yet is missed; its joins
// then go as mptcp.joins.unknown says.
void Gateway::read_tokens_anew() {
  for (const auto& worker : workers_)
    worker->post([this, worker = worker.get()] {
      boost::asio::post(control_, [this, held = worker->tokens()] {
        std::vector<kernel::ConnectionEvent> begun;
        begun.reserve(held.size());
        for (const auto token : held) begun.push_back({.token = token, .began = true});
        take_tokens(begun);
      });
    });
}

}  // namespace weir::session
