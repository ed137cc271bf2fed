#include "policy/policy.hpp"

#include <algorithm>
#include <bit>

#include "policy/judgement.hpp"

namespace weir::policy {
namespace {

Step::Result result_of(Match match) {
  switch (match) {
    case Match::no: return Step::Result::no_match;
    case Match::needs_more:
    case Match::needs_decryption: return Step::Result::needs_more;
    case Match::yes: break;
  }
  return Step::Result::match;
}

// A rule asks for the request of an encrypted flow. It gets it if it says, or leaves to a default that says, decrypt;
// else the request is never seen, and an unseen fact does not match.
bool may_decrypt(const Policy& policy, const Rule& rule) { return rule.tls.value_or(policy.tls) == Tls::decrypt; }

void note(Trace* trace, Source source, const std::string& entry, Step::Result result, std::string reason) {
  if (trace != nullptr) trace->push_back({source, entry, result, std::move(reason)});
}

// Looks at a table's entries in their order, until a look has an outcome. Those that the indexes rule out are looked at
// only for a trace, which tells of every one.
template <typename Table, typename Look>
std::optional<Outcome> walk(const Table& table, const Facts& facts, const Trace* trace, Look look) {
  const auto size = table.entries.size();
  if (size == 0) return std::nullopt;
  Matched matched;
  table.indexes.match(facts, matched);
  for (std::size_t word = 0; word * Conditions::kBits < size; ++word) {
    auto left = trace != nullptr ? ~Conditions::Word{0} : table.candidates(word, facts, matched);
    for (; left != 0; left &= left - 1) {
      const auto i = word * Conditions::kBits + static_cast<std::size_t>(std::countr_zero(left));
      if (i >= size) break;
      if (const auto outcome = look(i, matched)) return outcome;
    }
  }
  return std::nullopt;
}

std::optional<Outcome> look_at_bypass(const BypassTable& table, Source source, std::size_t i, const Facts& facts,
                                      const Matched& matched, Trace* trace) {
  Judgement judgement(trace != nullptr);
  judge(judgement, table.entries[i], i, facts, table.indexes, matched);
  const auto match = judgement.match();
  note(trace, source, table.entries[i].name, result_of(match), std::move(judgement).why());
  if (match == Match::needs_more) return Outcome{Outcome::State::needs_more, {}};
  if (match == Match::yes)
    return Outcome{.decision = {source, static_cast<std::uint16_t>(i), Action::allow, Tls::passthrough}};
  return std::nullopt;
}

std::optional<Outcome> look_at_rule(const Policy& policy, std::size_t i, const Facts& facts, const Matched& matched,
                                    Trace* trace) {
  const auto& rule = policy.rules->entries[i];
  if (!rule.judges_flows()) {
    note(trace, Source::rule, rule.name, Step::Result::not_judged, "it names interfaces, so it is for SYNs only");
    return std::nullopt;
  }
  Judgement judgement(trace != nullptr);
  judge(judgement, rule, i, facts, policy.rules->indexes, matched);
  const auto match = judgement.match();
  const Decision decision{Source::rule, static_cast<std::uint16_t>(i), rule.action, rule.tls.value_or(policy.tls)};
  if (match == Match::needs_decryption && !may_decrypt(policy, rule)) {
    note(trace, Source::rule, rule.name, Step::Result::no_match, "the request is encrypted, and stays so");
    return std::nullopt;
  }
  note(trace, Source::rule, rule.name, result_of(match), std::move(judgement).why());
  if (match == Match::needs_more) return Outcome{Outcome::State::needs_more, {}};
  if (match == Match::needs_decryption) return Outcome{Outcome::State::needs_decryption, decision};
  if (match == Match::yes) return Outcome{.decision = decision};
  return std::nullopt;
}

// The first entry of a bypass table that matches, or cannot be judged yet.
std::optional<Outcome> walk_bypasses(const BypassTable& table, Source source, const Facts& facts, Trace* trace) {
  return walk(table, facts, trace, [&](std::size_t i, const Matched& matched) {
    return look_at_bypass(table, source, i, facts, matched, trace);
  });
}

std::optional<Outcome> walk_rules(const Policy& policy, const Facts& facts, Trace* trace) {
  return walk(*policy.rules, facts, trace,
              [&](std::size_t i, const Matched& matched) { return look_at_rule(policy, i, facts, matched, trace); });
}

const LearnedFor* learned_for(const SynFacts& facts, const std::string& bypass) {
  for (const auto& learned : facts.learned)
    if (learned.bypass == bypass) return &learned;
  return nullptr;
}

// On the SYN no name is known; in its place are the addresses that were learned for the entry's names.
Match judge_syn(Judgement& judgement, const Bypass& bypass, std::size_t i, const Facts& known, const SynFacts& facts,
                const Indexes& indexes, const Matched& matched) {
  judge(judgement, bypass, i, known, indexes, matched);
  if (judgement.match() != Match::needs_more) return judgement.match();
  return learned_for(facts, bypass.name) != nullptr ? Match::yes : Match::no;
}

std::optional<SynDecision> walk_syn(const BypassTable& table, Source source, const Facts& known, const SynFacts& facts,
                                    Trace* trace) {
  Matched matched;
  table.indexes.match(known, matched);
  for (std::size_t i = 0; i < table.entries.size(); ++i) {
    Judgement judgement(trace != nullptr);
    const auto& entry = table.entries[i];
    const auto match = judge_syn(judgement, entry, i, known, facts, table.indexes, matched);
    const bool by_name = judgement.match() == Match::needs_more;
    auto why = std::move(judgement).why();
    if (by_name)
      why = match == Match::yes ? learned_for(facts, entry.name)->reason : "nothing was learned for its names there";
    note(trace, source, entry.name, result_of(match), std::move(why));
    if (match == Match::yes) return SynDecision{OnSyn::direct, source, static_cast<std::uint16_t>(i)};
  }
  return std::nullopt;
}

bool interface(Judgement& judgement, const When& when, const SynFacts& facts) {
  if (when.interfaces.empty()) return true;
  const bool found = facts.interface && std::ranges::find(when.interfaces, *facts.interface) != when.interfaces.end();
  return judgement.take(found ? Match::yes : Match::no, [&] {
    if (!facts.interface) return std::string("the interface is not known");
    return "interface " + *facts.interface + (found ? " is among its interfaces" : " is none of its interfaces");
  });
}

std::optional<SynDecision> walk_rules_syn(const Policy& policy, const Facts& known, const SynFacts& facts,
                                          Trace* trace) {
  const auto& table = *policy.rules;
  Matched matched;
  table.indexes.match(known, matched);
  for (std::size_t i = 0; i < table.entries.size(); ++i) {
    const auto& rule = table.entries[i];
    if (!rule.when.is_of_syn()) {
      note(trace, Source::rule, rule.name, Step::Result::not_judged, "it asks for more than a SYN tells");
      continue;
    }
    Judgement judgement(trace != nullptr);
    if (interface(judgement, rule.when, facts)) judge(judgement, rule, i, known, table.indexes, matched);
    const auto match = judgement.match();
    note(trace, Source::rule, rule.name, result_of(match), std::move(judgement).why());
    if (match == Match::yes)
      return SynDecision{syn_path(rule, policy.on_syn), Source::rule, static_cast<std::uint16_t>(i)};
  }
  return std::nullopt;
}

}  // namespace

bool Policy::decrypts() const {
  return tls == Tls::decrypt ||
         std::ranges::any_of(rules->entries, [](const Rule& rule) { return rule.tls == Tls::decrypt; });
}

const char* name(Step::Result result) {
  switch (result) {
    case Step::Result::match: return "match";
    case Step::Result::no_match: return "no match";
    case Step::Result::needs_more: return "needs more";
    case Step::Result::not_judged: return "not judged";
  }
  return "unknown";
}

const char* name(Source source) {
  switch (source) {
    case Source::defaults: return "defaults";
    case Source::rule: return "rule";
    case Source::bypass: return "bypass";
    case Source::run_time_bypass: return "run-time bypass";
  }
  return "unknown";
}

Outcome decide(const Policy& policy, const Facts& facts, Trace* trace) {
  if (const auto outcome = walk_bypasses(*policy.run_time, Source::run_time_bypass, facts, trace)) return *outcome;
  if (const auto outcome = walk_bypasses(*policy.bypasses, Source::bypass, facts, trace)) return *outcome;
  if (const auto outcome = walk_rules(policy, facts, trace)) return *outcome;
  note(trace, Source::defaults, {}, Step::Result::match, "nothing above matches");
  return {.decision = {Source::defaults, 0, Action::allow, policy.tls}};
}

SynDecision decide_on_syn(const Policy& policy, const SynFacts& facts, Trace* trace) {
  Facts known{.client = facts.client, .destination = facts.destination, .transport = facts.transport};
  if (const auto decision = walk_syn(*policy.run_time, Source::run_time_bypass, known, facts, trace)) return *decision;
  if (const auto decision = walk_syn(*policy.bypasses, Source::bypass, known, facts, trace)) return *decision;
  if (facts.transport == Transport::tcp) return {};  // nothing else on the SYN is for plain TCP
  if (const auto decision = walk_rules_syn(policy, known, facts, trace)) return *decision;
  note(trace, Source::defaults, {}, Step::Result::match, "nothing above matches");
  return {policy.on_syn, Source::defaults, 0};
}

// A rule whose effect needs the flow at weir gets it there, whatever the default for other flows is.
OnSyn syn_path(const Rule& rule, OnSyn by_default) {
  if (rule.mptcp) return *rule.mptcp;
  if (rule.action != Action::allow || rule.tls == Tls::decrypt || !rule.edits.empty()) return OnSyn::terminate;
  return by_default;
}

std::string entry_name(const Policy& policy, Source source, std::size_t index) {
  switch (source) {
    case Source::defaults: return {};
    case Source::rule: return policy.rules->entries[index].name;
    case Source::bypass: return "bypass " + policy.bypasses->entries[index].name;
    case Source::run_time_bypass: return "bypass " + policy.run_time->entries[index].name;
  }
  return {};
}

}  // namespace weir::policy
