#include "policy/judgement.hpp"

#include <algorithm>

namespace weir::policy {
namespace {

// What came from the network is quoted with care: it may be long, or hold anything.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 100;
  std::string result = "'";
  for (const char c : text.substr(0, kMost))
    result += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
  return result + (text.size() > kMost ? "…'" : "'");
}

bool same_name(std::string_view field, std::string_view lower_case) {
  return std::ranges::equal(field, lower_case, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

Match match_of(bool matches) { return matches ? Match::yes : Match::no; }

// What is asked of a fact that is not known: nothing more to be had, or later.
template <typename T>
Match unknown(const Fact<T>& fact) {
  return fact.is_unknown() ? Match::needs_more : Match::no;
}

std::string in_prefix(const char* what, const Address& address, const std::optional<Prefix>& prefix) {
  const auto text = std::string(what) + " " + address.text();
  return prefix ? text + " is in " + prefix->text() : text + " is in none of its prefixes";
}

bool sources(Judgement& judgement, bool asked, std::size_t condition, const Facts& facts, const Indexes& indexes,
             const Matched& matched) {
  if (!asked) return true;
  return judgement.take(match_of(matched.sources.test(condition)), [&] {
    return in_prefix("source", facts.client, indexes.sources.longest(facts.client, static_cast<Condition>(condition)));
  });
}

std::string destination_sentence(std::size_t condition, const Facts& facts, const Indexes& indexes) {
  const auto& address = facts.destination.address;
  return in_prefix("destination", address, indexes.destinations.longest(address, static_cast<Condition>(condition)));
}

bool ports(Judgement& judgement, const std::vector<std::uint16_t>& wanted, std::uint16_t port) {
  if (wanted.empty()) return true;
  const bool found = std::ranges::find(wanted, port) != wanted.end();
  return judgement.take(match_of(found), [&] {
    return "port " + std::to_string(port) + (found ? " is among its ports" : " is none of its ports");
  });
}

const char* protocol(Transport transport) { return transport == Transport::mptcp ? "MPTCP" : "plain TCP"; }

bool transport(Judgement& judgement, bool takes, Transport found) {
  return judgement.take(match_of(takes), [&] {
    const auto other = found == Transport::mptcp ? Transport::tcp : Transport::mptcp;
    return std::string("it is ") + protocol(found) + (takes ? "" : std::string(", and this is for ") + protocol(other));
  });
}

Match domain_match(std::size_t condition, const Facts& facts, const Matched& matched) {
  if (!facts.domain.is_known()) return unknown(facts.domain);
  return match_of(matched.domains.test(condition));
}

std::string domain_sentence(std::size_t condition, const Facts& facts, const Indexes& indexes) {
  if (facts.domain.is_unknown()) return "the name is not known yet";
  if (!facts.domain.is_known()) return "no name is given (SNI or Host)";
  const auto pattern = indexes.domains.pattern(*facts.domain, static_cast<Condition>(condition));
  const auto name = facts.domain->text();
  return pattern ? "name " + name + " matches " + *pattern : "name " + name + " is none of its domains";
}

std::string confirmation_sentence(const Facts& facts, bool wanted) {
  if (!facts.domain.is_unknown() && !facts.domain.is_known()) return "no name is given that could belong there";
  if (facts.name_confirmed.is_unknown()) return "whether the name belongs to the destination is not known yet";
  if (!facts.name_confirmed.is_known()) return "whether the name belongs to the destination cannot be known";
  const bool confirmed = *facts.name_confirmed;
  return std::string(confirmed ? "the name was seen to belong to the destination"
                               : "the name was not seen to belong to the destination") +
         (confirmed == wanted ? ""
          : confirmed         ? ", and this is for names that were not"
                              : "");
}

// Without a name it is neither so nor otherwise, whatever is known.
bool name_confirmed(Judgement& judgement, std::optional<bool> wanted, const Facts& facts) {
  if (!wanted) return true;
  const auto& fact = facts.name_confirmed;
  const bool nameless = !facts.domain.is_unknown() && !facts.domain.is_known();
  const auto match = nameless ? Match::no : !fact.is_known() ? unknown(fact) : match_of(*fact == *wanted);
  return judgement.take(match, [&] { return confirmation_sentence(facts, *wanted); });
}

bool alpn(Judgement& judgement, const std::vector<std::string>& wanted, const Facts& facts) {
  if (wanted.empty()) return true;
  if (!facts.alpn.is_known())
    return judgement.take(unknown(facts.alpn), [&] {
      return facts.alpn.is_unknown() ? "what the client offers by ALPN is not known yet" : "nothing is offered by ALPN";
    });
  const auto& offered = *facts.alpn;
  const auto found = std::ranges::find_first_of(offered, wanted);
  return judgement.take(match_of(found != offered.end()), [&] {
    return found != offered.end() ? "ALPN offers " + shown(*found) : std::string("ALPN offers none of those asked for");
  });
}

bool method(Judgement& judgement, const std::vector<std::string>& wanted, const HttpRequest& request) {
  if (wanted.empty()) return true;
  const bool found = std::ranges::find(wanted, request.method) != wanted.end();
  return judgement.take(match_of(found), [&] {
    return "method " + shown(request.method) + (found ? " is asked for" : " is not asked for");
  });
}

bool path(Judgement& judgement, const PatternSet& wanted, const HttpRequest& request) {
  if (wanted.empty()) return true;
  const auto found = wanted.match(request.path);
  return judgement.take(match_of(found.has_value()), [&] {
    return "path " + shown(request.path) +
           (found ? " matches " + shown(wanted.pattern(*found)) : " matches none of its paths");
  });
}

// Any field of the name may match; a field may come more than once.
bool header(Judgement& judgement, std::string_view name, const PatternSet& wanted, const HttpRequest& request) {
  std::optional<std::size_t> found;
  bool there = false;
  for (const auto& field : request.fields) {
    if (!same_name(field.name, name)) continue;
    there = true;
    if (!found) found = wanted.match(field.value);
  }
  return judgement.take(match_of(found.has_value()), [&] {
    const auto what = "header " + std::string(name);
    if (found) return what + " matches " + shown(wanted.pattern(*found));
    return what + (there ? " matches none of its patterns" : " is not there");
  });
}

void request(Judgement& judgement, const When& when, const Facts& facts) {
  if (!when.asks_for_request()) return;
  if (!facts.request.is_known()) {
    const bool later = facts.request.is_unknown();
    judgement.take(!later            ? Match::no
                   : facts.encrypted ? Match::needs_decryption
                                     : Match::needs_more,
                   [&] {
                     if (!later) return std::string("there is no HTTP request to be seen");
                     return std::string(facts.encrypted ? "the request is encrypted" : "the request is not known yet");
                   });
    return;
  }
  if (!method(judgement, when.methods, *facts.request) || !path(judgement, when.paths, *facts.request)) return;
  for (const auto& [name, values] : when.headers)
    if (!header(judgement, name, values, *facts.request)) return;
  if (!when.user_agents.empty()) header(judgement, "user-agent", when.user_agents, *facts.request);
}

}  // namespace

void judge(Judgement& judgement, const Rule& rule, std::size_t condition, const Facts& facts, const Indexes& indexes,
           const Matched& matched) {
  const auto& when = rule.when;
  if (!sources(judgement, when.by_source, condition, facts, indexes, matched)) return;
  if (when.by_destination && !judgement.take(match_of(matched.destinations.test(condition)),
                                             [&] { return destination_sentence(condition, facts, indexes); }))
    return;
  if (!ports(judgement, when.ports, facts.destination.port)) return;
  if (when.transport && !transport(judgement, *when.transport == facts.transport, facts.transport)) return;
  if (when.by_domain && !judgement.take(domain_match(condition, facts, matched),
                                        [&] { return domain_sentence(condition, facts, indexes); }))
    return;
  if (!name_confirmed(judgement, when.name_confirmed, facts)) return;
  if (!alpn(judgement, when.alpn, facts)) return;
  request(judgement, when, facts);
}

void judge(Judgement& judgement, const Bypass& bypass, std::size_t condition, const Facts& facts,
           const Indexes& indexes, const Matched& matched) {
  if (!transport(judgement, bypass.takes(facts.transport), facts.transport)) return;
  if (!sources(judgement, bypass.by_source, condition, facts, indexes, matched)) return;
  if (!ports(judgement, bypass.ports, facts.destination.port)) return;
  if (bypass.is_for_all_destinations()) return;
  if (matched.destinations.test(condition)) {
    judgement.take(Match::yes, [&] { return destination_sentence(condition, facts, indexes); });
  } else if (bypass.by_domain) {
    judgement.take(domain_match(condition, facts, matched), [&] { return domain_sentence(condition, facts, indexes); });
  } else {
    judgement.take(Match::no, [&] { return destination_sentence(condition, facts, indexes); });
  }
}

}  // namespace weir::policy
