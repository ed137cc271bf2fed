// Decides. `decide` and `decide_on_syn` are pure functions of a policy and of the facts so far; `weir explain` prints
// the very walk they take, and the gateway goes by them: there is no second opinion.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/tables.hpp"

namespace weir::policy {

// Bypass entries come first, those added at run time before the configured ones; then the rules; the first that matches
// decides, and what it leaves unsaid comes from the defaults.
struct Policy {
  std::shared_ptr<const BypassTable> run_time = std::make_shared<const BypassTable>();
  std::shared_ptr<const BypassTable> bypasses = std::make_shared<const BypassTable>();
  std::shared_ptr<const RuleTable> rules = std::make_shared<const RuleTable>();
  Tls tls = Tls::passthrough;
  OnSyn on_syn = OnSyn::terminate;

  // Whether any flow may have to be decrypted.
  bool decrypts() const;
  // Whether plain HTTP has to be read request by request: a later one of a kept connection is judged anew.
  bool reads_requests() const { return rules->reads_requests; }
  // Whether any rule asks if a name was seen to belong to its destination.
  bool asks_for_confirmed_names() const { return rules->asks_for_confirmed_names; }
};

enum class Source : std::uint8_t { defaults, rule, bypass, run_time_bypass };

struct Decision {
  Source source = Source::defaults;
  std::uint16_t index = 0;  // of the entry in its table
  Action action = Action::allow;
  Tls tls = Tls::passthrough;
  friend bool operator==(const Decision&, const Decision&) = default;
};

struct Outcome {
  enum class State : std::uint8_t {
    decided,
    needs_more,        // the ClientHello or the request; see which with Facts
    needs_decryption,  // a rule asks for what only decryption shows, and it or the default says decrypt
  };
  State state = State::decided;
  Decision decision;  // of needs_decryption: the rule that asks
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// What became of one entry in the walk, for people.
struct Step {
  enum class Result : std::uint8_t { match, no_match, needs_more, not_judged };
  Source source = Source::defaults;
  std::string name;
  Result result = Result::no_match;
  std::string reason;
};
using Trace = std::vector<Step>;
const char* name(Step::Result);
const char* name(Source);

// Steps are added to `trace` where one is given; that is for people and slower.
Outcome decide(const Policy&, const Facts&, Trace* trace = nullptr);

// An address learned for a bypass entry, as `weir bypass list` shows it.
struct LearnedFor {
  std::string bypass;
  std::string reason;
};

struct SynFacts {
  Address client;
  Endpoint destination;
  Transport transport = Transport::tcp;
  std::optional<std::string> interface {};  // where the SYN comes in
  std::vector<LearnedFor> learned{};        // of the destination's address
};

struct SynDecision {
  OnSyn path = OnSyn::terminate;  // of plain TCP: terminate or direct
  Source source = Source::defaults;
  std::uint16_t index = 0;
};
// What the kernel's rules do with the first SYN of a connection: proxy/kernel/ruleset makes them of the same entries.
// Only bypass entries and rules that the SYN tells all about are judged.
SynDecision decide_on_syn(const Policy&, const SynFacts&, Trace* trace = nullptr);
// What a rule whose `when` is of the SYN does with an MPTCP SYN it matches.
OnSyn syn_path(const Rule&, OnSyn by_default);

// "bypass NAME", "rule NAME", or nothing: what a flow's record names.
std::string entry_name(const Policy&, Source, std::size_t index);

}  // namespace weir::policy
