#include "policy/policy.hpp"

#include <array>

#include "tests/unit/catch.hpp"
#include "tests/unit/make_policy.hpp"
#include "tests/unit/random.hpp"

using namespace weir::policy;
using weir::tests::address;
using weir::tests::endpoint;
using weir::tests::PolicyMaker;
using weir::tests::prefixes;
using State = Outcome::State;

namespace {

PatternSet globs(const std::vector<std::string>& patterns) {
  auto made = PatternSet::globs(patterns);
  REQUIRE(made.has_value());
  return std::move(*made);
}

PatternSet regexes(const std::vector<std::string>& patterns) {
  auto made = PatternSet::regexes(patterns);
  REQUIRE(made.has_value());
  return std::move(*made);
}

Facts facts(std::string_view from = "10.1.0.2", std::string_view to = "198.51.100.7:443",
            Transport transport = Transport::tcp) {
  return {.client = address(from), .destination = endpoint(to), .transport = transport};
}

Facts with_name(Facts of, std::string_view name) {
  of.domain = DomainName::parse(name).value();
  of.alpn = Fact<std::span<const std::string>>::absent();
  of.encrypted = true;
  return of;
}

// "rule ads block", "needs more", …
std::string told(const Policy& policy, const Facts& known) {
  const auto outcome = decide(policy, known);
  Trace trace;
  CHECK(decide(policy, known, &trace) == outcome);  // asking why changes nothing
  const auto& [source, index, action, tls] = outcome.decision;
  if (outcome.state == State::needs_more) return "needs more";
  const auto entry = entry_name(policy, source, index);
  const auto who = source == Source::rule ? "rule " + entry : entry.empty() ? "defaults" : entry;
  return who + (outcome.state == State::needs_decryption ? ": needs decryption" : std::string(": ") + name(action)) +
         (tls == Tls::decrypt ? " decrypt" : "");
}

std::string told(const Trace& trace) {
  std::string text;
  for (const auto& step : trace)
    text += std::string(name(step.source)) + " '" + step.name + "' " + name(step.result) + ": " + step.reason + "\n";
  return text;
}

}  // namespace

TEST_CASE("without entries the defaults decide at once", "[policy]") {
  CHECK(told(Policy{}, facts()) == "defaults: allow");
  Policy policy;
  policy.tls = Tls::decrypt;
  CHECK(told(policy, facts()) == "defaults: allow decrypt");
}

TEST_CASE("the first rule that matches decides", "[policy]") {
  PolicyMaker make;
  make.rule("lab", {}, [](Rule& rule) { rule.when.sources = prefixes({"10.1.0.0/16"}), rule.action = Action::reset; });
  make.rule("all", {}, [](Rule& rule) { rule.action = Action::block; });
  const auto policy = std::move(make).make();
  CHECK(told(policy, facts("10.1.2.3")) == "rule lab: reset");
  CHECK(told(policy, facts("10.2.2.3")) == "rule all: block");
  CHECK(told(policy, facts("2001:db8::1")) == "rule all: block");
}

TEST_CASE("every condition of addresses and transport must hold", "[policy]") {
  PolicyMaker make;
  make.rule("one", {}, [](Rule& rule) {
    rule.when.sources = prefixes({"10.0.0.0/8", "fd00::/8"});
    rule.when.destinations = prefixes({"198.51.100.0/24"});
    rule.when.ports = {443, 8443};
    rule.when.transport = Transport::mptcp;
    rule.action = Action::block;
  });
  const auto policy = std::move(make).make();
  CHECK(told(policy, facts("10.1.0.2", "198.51.100.7:443", Transport::mptcp)) == "rule one: block");
  CHECK(told(policy, facts("10.1.0.2", "198.51.100.7:8443", Transport::mptcp)) == "rule one: block");
  CHECK(told(policy, facts("10.1.0.2", "198.51.100.7:443", Transport::tcp)) == "defaults: allow");
  CHECK(told(policy, facts("10.1.0.2", "198.51.100.7:80", Transport::mptcp)) == "defaults: allow");
  CHECK(told(policy, facts("10.1.0.2", "198.51.101.7:443", Transport::mptcp)) == "defaults: allow");
  CHECK(told(policy, facts("11.1.0.2", "198.51.100.7:443", Transport::mptcp)) == "defaults: allow");
}

TEST_CASE("a rule on names waits for the name, unless something else rules it out", "[policy]") {
  PolicyMaker make;
  make.rule("elsewhere", {"*.example"}, [](Rule& rule) { rule.when.ports = {8443}, rule.action = Action::reset; });
  make.rule("ads", {"*.ads.example", "ads.example"}, [](Rule& rule) { rule.action = Action::block; });
  make.rule("rest", {}, [](Rule& rule) { rule.action = Action::reset; });
  const auto policy = std::move(make).make();
  CHECK(told(policy, facts()) == "needs more");
  CHECK(told(policy, with_name(facts(), "ads.example")) == "rule ads: block");
  CHECK(told(policy, with_name(facts(), "x.ads.example")) == "rule ads: block");
  CHECK(told(policy, with_name(facts(), "example.com")) == "rule rest: reset");
  auto nothing = facts();
  nothing.nothing_more();
  CHECK(told(policy, nothing) == "rule rest: reset");
}

TEST_CASE("ALPN matches any protocol the client offers", "[policy]") {
  PolicyMaker make;
  make.rule("h2", {}, [](Rule& rule) { rule.when.alpn = {"h2", "h3"}, rule.action = Action::block; });
  const auto policy = std::move(make).make();
  const std::vector<std::string> offered{"http/1.1", "h2"};
  auto known = facts();
  CHECK(told(policy, known) == "needs more");
  known.alpn = std::span<const std::string>(offered);
  CHECK(told(policy, known) == "rule h2: block");
  known.alpn = std::span<const std::string>(offered.data(), 1);
  CHECK(told(policy, known) == "defaults: allow");
}

TEST_CASE("a rule on requests", "[policy]") {
  PolicyMaker make;
  make.rule("one", {"shop.example"}, [](Rule& rule) {
    rule.when.methods = {"POST", "PUT"};
    rule.when.paths = globs({"/cart/*"});
    rule.when.headers.push_back({"x-tenant", regexes({"^acme$"})});
    rule.when.user_agents = regexes({"curl"});
    rule.action = Action::block;
  });
  const auto policy = std::move(make).make();
  auto known = facts("10.1.0.2", "198.51.100.7:80");
  CHECK(told(policy, known) == "needs more");
  known.domain = DomainName::parse("shop.example").value();
  std::vector<HeaderField> fields{{"X-Tenant", "other"}, {"X-TENANT", "acme"}, {"User-Agent", "curl/8"}};
  HttpRequest request{.method = "PUT", .path = "/cart/1", .fields = fields};
  const auto told_of = [&](const HttpRequest& one) {
    known.request = one;
    return told(policy, known);
  };
  CHECK(told_of(request) == "rule one: block");
  CHECK(told_of({"GET", "/cart/1", fields}) == "defaults: allow");
  CHECK(told_of({"put", "/cart/1", fields}) == "defaults: allow");
  CHECK(told_of({"PUT", "/shop", fields}) == "defaults: allow");
  CHECK(told_of({"PUT", "/cart/1", std::span(fields).first(1)}) == "defaults: allow");
  CHECK(told_of({"PUT", "/cart/1", std::span(fields).last(1)}) == "defaults: allow");
  CHECK(told_of({"PUT", "/cart/1", std::span(fields).first(2)}) == "defaults: allow");
}

TEST_CASE("a rule on confirmed names waits until that is known, unless something else rules it out", "[policy]") {
  PolicyMaker make;
  make.rule("lab", {}, [](Rule& rule) {
    rule.when.ports = {8443};
    rule.when.name_confirmed = true;
    rule.action = Action::reset;
  });
  make.rule("liars", {}, [](Rule& rule) { rule.when.name_confirmed = false, rule.action = Action::block; });
  make.rule("honest", {"*.example"}, [](Rule& rule) { rule.when.name_confirmed = true, rule.tls = Tls::decrypt; });
  const auto policy = std::move(make).make();
  auto known = facts();
  CHECK(told(policy, known) == "needs more");
  known = with_name(facts(), "www.example");
  CHECK(told(policy, known) == "needs more");
  known.name_confirmed = false;
  CHECK(told(policy, known) == "rule liars: block");
  known.name_confirmed = true;
  CHECK(told(policy, known) == "rule honest: allow decrypt");
  known.destination.port = 8443;
  CHECK(told(policy, known) == "rule lab: reset");
}

TEST_CASE("without a name, it is neither confirmed nor not; one that nobody looked up is not", "[policy]") {
  PolicyMaker make;
  make.rule("liars", {}, [](Rule& rule) { rule.when.name_confirmed = false, rule.action = Action::block; });
  make.rule("honest", {}, [](Rule& rule) { rule.when.name_confirmed = true, rule.action = Action::reset; });
  const auto policy = std::move(make).make();
  auto nameless = facts();
  nameless.nothing_more();
  CHECK(told(policy, nameless) == "defaults: allow");
  auto hello = facts();  // without SNI
  hello.domain = Fact<DomainName>::absent();
  CHECK(told(policy, hello) == "defaults: allow");
  for (const bool confirmed : {true, false}) {
    hello.name_confirmed = confirmed;
    CHECK(told(policy, hello) == "defaults: allow");
  }
  auto named = with_name(facts(), "www.example");
  named.name_confirmed = Fact<bool>::absent();
  CHECK(told(policy, named) == "defaults: allow");
  named.name_confirmed = {};
  named.nothing_more();
  CHECK(told(policy, named) == "rule liars: block");
}

TEST_CASE("a rule on confirmed names is not judged on the SYN", "[policy]") {
  PolicyMaker make;
  make.rule("liars", {}, [](Rule& rule) { rule.when.name_confirmed = false, rule.action = Action::block; });
  make.rule("all", {}, [](Rule& rule) { rule.mptcp = OnSyn::deny; });
  const auto policy = std::move(make).make();
  Trace trace;
  const auto decision = decide_on_syn(
      policy,
      {.client = address("10.1.0.2"), .destination = endpoint("198.51.100.7:443"), .transport = Transport::mptcp},
      &trace);
  CHECK(decision.path == OnSyn::deny);
  CHECK(trace.front().result == Step::Result::not_judged);
}

TEST_CASE("a trace says whether the name was confirmed", "[policy]") {
  PolicyMaker make;
  make.rule("honest", {}, [](Rule& rule) { rule.when.name_confirmed = true; });
  make.rule("liars", {}, [](Rule& rule) { rule.when.name_confirmed = false; });
  const auto policy = std::move(make).make();
  const auto reasons = [&](const Facts& known) {
    Trace trace;
    decide(policy, known, &trace);
    std::string text;
    for (const auto& step : trace) text += std::string(name(step.result)) + ": " + step.reason + "\n";
    return text;
  };
  auto known = with_name(facts(), "www.example");
  CHECK(reasons(known) == "needs more: whether the name belongs to the destination is not known yet\n");
  known.name_confirmed = false;
  CHECK(reasons(known) ==
        "no match: the name was not seen to belong to the destination\n"
        "match: the name was not seen to belong to the destination\n");
  known.name_confirmed = true;
  CHECK(reasons(known) == "match: the name was seen to belong to the destination\n");
  known.domain = Fact<DomainName>::absent();
  CHECK_THAT(reasons(known), ContainsSubstring("no match: no name is given that could belong there\n"));
}

TEST_CASE("whether requests have to be read one by one", "[policy]") {
  struct Row {
    std::vector<std::string> domains;
    std::function<void(Rule&)> change;
    bool reads;
    bool asks_for_confirmed_names;
  };
  const Row rows[] = {
      {{}, [](Rule&) {}, false, false},
      {{}, [](Rule& rule) { rule.when.sources = prefixes({"10.0.0.0/8"}), rule.action = Action::block; }, false, false},
      {{}, [](Rule& rule) { rule.when.alpn = {"h2"}, rule.tls = Tls::decrypt; }, false, false},
      {{"x.example"}, [](Rule&) {}, true, false},
      {{}, [](Rule& rule) { rule.when.methods = {"POST"}; }, true, false},
      {{}, [](Rule& rule) { rule.when.user_agents = regexes({"curl"}); }, true, false},
      {{}, [](Rule& rule) { rule.when.name_confirmed = false; }, true, true},
      {{},
       [](Rule& rule) {
         rule.edits.set_request = {{"X-Tenant", "acme"}};
       },
       true,
       false},
      {{}, [](Rule& rule) { rule.edits.remove_response = {"server"}; }, true, false},
  };
  CHECK_FALSE(Policy{}.reads_requests());
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    PolicyMaker make;
    make.rule("first", {}, [](Rule& rule) { rule.when.ports = {80}; });
    make.rule("asks", row.domains, row.change);
    make.rule("last", {}, [](Rule&) {});
    const auto policy = std::move(make).make();
    CHECK(policy.reads_requests() == row.reads);
    CHECK(policy.asks_for_confirmed_names() == row.asks_for_confirmed_names);
  }
}

TEST_CASE("a rule that edits headers has its flows come to weir", "[policy]") {
  Rule rule;
  CHECK(syn_path(rule, OnSyn::direct) == OnSyn::direct);
  rule.edits.remove_request = {"cookie"};
  CHECK(syn_path(rule, OnSyn::direct) == OnSyn::terminate);
  rule.mptcp = OnSyn::strip;
  CHECK(syn_path(rule, OnSyn::direct) == OnSyn::strip);
}

TEST_CASE("the request of an encrypted flow is asked for where decrypting is allowed", "[policy]") {
  const auto make_with = [](Tls by_default, std::optional<Tls> of_rule) {
    PolicyMaker make;
    make.tls = by_default;
    make.rule("posts", {}, [&](Rule& rule) {
      rule.when.methods = {"POST"};
      rule.tls = of_rule;
      rule.action = Action::block;
    });
    make.rule("rest", {}, [](Rule& rule) { rule.tls = Tls::passthrough; });
    return std::move(make).make();
  };
  const auto hello = with_name(facts(), "www.example");
  CHECK(told(make_with(Tls::passthrough, std::nullopt), hello) == "rule rest: allow");
  CHECK(told(make_with(Tls::passthrough, Tls::decrypt), hello) == "rule posts: needs decryption decrypt");
  CHECK(told(make_with(Tls::decrypt, std::nullopt), hello) == "rule posts: needs decryption decrypt");
  CHECK(told(make_with(Tls::decrypt, Tls::passthrough), hello) == "rule rest: allow");
}

TEST_CASE("a bypass comes before every rule, for its kind of flows", "[policy]") {
  PolicyMaker make;
  make.bypass("media", {"*.media.example"}, [](Bypass& one) { one.destinations = prefixes({"198.51.100.0/24"}); });
  make.bypass("lab", {}, [](Bypass& one) {
    one.flows = Flows::any;
    one.sources = prefixes({"10.9.0.0/16"});
    one.ports = {8443};
  });
  make.bypass("plain", {"tcp.example"}, [](Bypass& one) { one.flows = Flows::tcp; });
  make.rule("all", {}, [](Rule& rule) { rule.action = Action::block; });
  const auto policy = std::move(make).make();
  const auto mptcp = [](std::string_view from, std::string_view to) { return facts(from, to, Transport::mptcp); };
  CHECK(told(policy, mptcp("10.1.0.2", "198.51.100.9:443")) == "bypass media: allow");
  CHECK(told(policy, mptcp("10.1.0.2", "203.0.113.9:443")) == "needs more");
  CHECK(told(policy, with_name(mptcp("10.1.0.2", "203.0.113.9:443"), "a.media.example")) == "bypass media: allow");
  CHECK(told(policy, with_name(mptcp("10.1.0.2", "203.0.113.9:443"), "media.example")) == "rule all: block");
  CHECK(told(policy, with_name(facts("10.1.0.2", "198.51.100.9:443"), "a.media.example")) == "rule all: block");
  CHECK(told(policy, with_name(facts("10.1.0.2", "203.0.113.9:443"), "tcp.example")) == "bypass plain: allow");
  CHECK(told(policy, facts("10.9.0.2", "203.0.113.9:8443")) == "bypass lab: allow");
  CHECK(told(policy, with_name(facts("10.9.0.2", "203.0.113.9:443"), "x.example")) == "rule all: block");
  CHECK(policy.bypasses->naming(DomainName::parse("a.media.example").value()) == std::vector<std::size_t>{0});
}

TEST_CASE("a bypass added at run time comes first", "[policy]") {
  PolicyMaker configured;
  configured.bypass("old", {}, [](Bypass& one) { one.flows = Flows::any; });
  auto policy = std::move(configured).make();
  PolicyMaker added;
  added.bypass("new", {}, [](Bypass& one) { one.destinations = prefixes({"198.51.100.7"}), one.flows = Flows::any; });
  policy.run_time = std::move(added).make().bypasses;
  CHECK(told(policy, facts()) == "bypass new: allow");
  CHECK(decide(policy, facts()).decision.source == Source::run_time_bypass);
  CHECK(told(policy, facts("10.1.0.2", "198.51.100.8:443")) == "bypass old: allow");
}

TEST_CASE("a rule on interfaces is for SYNs only", "[policy]") {
  PolicyMaker make;
  make.rule("wifi", {}, [](Rule& rule) { rule.when.interfaces = {"wlan0"}, rule.mptcp = OnSyn::strip; });
  const auto policy = std::move(make).make();
  CHECK(told(policy, facts()) == "defaults: allow");
  const auto path = [&](std::optional<std::string> interface) {
    return decide_on_syn(policy, {.client = address("10.1.0.2"),
                                  .destination = endpoint("198.51.100.7:443"),
                                  .transport = Transport::mptcp,
                                  .interface = std::move(interface)})
        .path;
  };
  CHECK(path("wlan0") == OnSyn::strip);
  CHECK(path("lan0") == OnSyn::terminate);
  CHECK(path(std::nullopt) == OnSyn::terminate);
}

TEST_CASE("what a SYN meets", "[policy]") {
  PolicyMaker make;
  make.on_syn = OnSyn::direct;
  make.bypass("media", {"*.media.example"}, [](Bypass& one) { one.destinations = prefixes({"198.51.100.0/24"}); });
  make.rule("names", {"x.example"}, [](Rule& rule) { rule.action = Action::block; });
  make.rule("blocked", {}, [](Rule& rule) {
    rule.when.destinations = prefixes({"203.0.113.1"});
    rule.action = Action::block;
  });
  make.rule("old", {}, [](Rule& rule) {
    rule.when.sources = prefixes({"10.1.0.0/24"});
    rule.when.transport = Transport::mptcp;
    rule.mptcp = OnSyn::strip;
  });
  make.rule("tcp only", {}, [](Rule& rule) { rule.when.transport = Transport::tcp, rule.action = Action::reset; });
  make.rule("known", {}, [](Rule& rule) { rule.when.sources = prefixes({"10.2.0.0/24"}); });
  make.rule("late", {}, [](Rule& rule) { rule.when.sources = prefixes({"10.2.0.0/16"}), rule.mptcp = OnSyn::deny; });
  const auto policy = std::move(make).make();
  const auto path = [&](std::string_view from, std::string_view to, Transport transport = Transport::mptcp,
                        std::vector<LearnedFor> learned = {}) {
    return decide_on_syn(policy, {.client = address(from),
                                  .destination = endpoint(to),
                                  .transport = transport,
                                  .learned = std::move(learned)})
        .path;
  };
  CHECK(path("10.1.0.2", "198.51.100.7:443") == OnSyn::direct);
  CHECK(path("10.1.0.2", "203.0.113.9:443") == OnSyn::strip);
  CHECK(path("10.1.0.2", "203.0.113.9:443", Transport::mptcp, {{"media", "learned"}}) == OnSyn::direct);
  CHECK(path("10.1.0.2", "203.0.113.9:443", Transport::tcp, {{"media", "learned"}}) == OnSyn::terminate);
  CHECK(path("10.1.0.2", "203.0.113.1:443") == OnSyn::terminate);
  CHECK(path("10.2.0.2", "203.0.113.9:443") == OnSyn::direct);
  CHECK(path("10.2.9.2", "203.0.113.9:443") == OnSyn::deny);
  CHECK(path("10.3.0.2", "203.0.113.9:443") == OnSyn::direct);
  CHECK(path("10.1.0.2", "198.51.100.7:443", Transport::tcp) == OnSyn::terminate);
}

TEST_CASE("a trace tells every entry looked at, in order, and why", "[policy]") {
  PolicyMaker make;
  make.bypass("media", {"*.media.example"}, [](Bypass&) {});
  make.rule("lab", {}, [](Rule& rule) { rule.when.sources = prefixes({"10.9.0.0/16"}); });
  make.rule("ads", {"*.example"}, [](Rule& rule) {
    rule.when.ports = {443};
    rule.when.sources = prefixes({"10.0.0.0/8", "10.1.0.0/16"});
    rule.action = Action::block;
  });
  make.rule("never", {}, [](Rule&) {});
  const auto policy = std::move(make).make();
  Trace trace;
  decide(policy, facts(), &trace);
  CHECK(told(trace) ==
        "bypass 'media' no match: it is plain TCP, and this is for MPTCP\n"
        "rule 'lab' no match: source 10.1.0.2 is in none of its prefixes\n"
        "rule 'ads' needs more: the name is not known yet\n");
  trace.clear();
  decide(policy, with_name(facts(), "www.example"), &trace);
  CHECK(told(trace) ==
        "bypass 'media' no match: it is plain TCP, and this is for MPTCP\n"
        "rule 'lab' no match: source 10.1.0.2 is in none of its prefixes\n"
        "rule 'ads' match: source 10.1.0.2 is in 10.1.0.0/16; port 443 is among its ports; name www.example matches "
        "*.example\n");
  trace.clear();
  decide_on_syn(
      policy,
      {.client = address("10.1.0.2"), .destination = endpoint("198.51.100.7:443"), .transport = Transport::mptcp},
      &trace);
  CHECK(told(trace) ==
        "bypass 'media' no match: nothing was learned for its names there\n"
        "rule 'lab' no match: source 10.1.0.2 is in none of its prefixes\n"
        "rule 'ads' not judged: it asks for more than a SYN tells\n"
        "rule 'never' match: \n");
}

TEST_CASE("what a trace quotes is safe to print", "[policy]") {
  PolicyMaker make;
  make.rule("paths", {}, [](Rule& rule) { rule.when.paths = globs({"/x"}); });
  const auto policy = std::move(make).make();
  auto known = facts();
  const auto path = "/\x1b]0;\x07" + std::string(1000, 'a');
  known.domain = Fact<DomainName>::absent();
  known.request = HttpRequest{.method = "GET", .path = path, .fields = {}};
  Trace trace;
  decide(policy, known, &trace);
  CHECK(trace.front().reason == "path '/?]0;?" + std::string(94, 'a') + "…' matches none of its paths");
}

namespace {

// A policy of few different conditions, so that rules overlap.
Policy some_policy(weir::tests::Random& random) {
  constexpr std::array kNames{"a.example", "*.example", "*.b.example", "c.test"};
  constexpr std::array kPrefixes{"10.0.0.0/8", "10.1.0.0/16", "10.1.0.2", "198.51.100.0/24", "0.0.0.0/0"};
  PolicyMaker make;
  make.tls = random.chance(2) ? Tls::decrypt : Tls::passthrough;
  const auto names = [&] {
    std::vector<std::string> chosen;
    if (random.chance(2)) chosen.emplace_back(kNames[random.below(kNames.size())]);
    return chosen;
  };
  const auto some_prefixes = [&] {
    return random.chance(3) ? prefixes({kPrefixes[random.below(kPrefixes.size())]}) : prefixes({});
  };
  for (std::size_t i = random.below(3); i-- > 0;)
    make.bypass("b" + std::to_string(i), names(), [&](Bypass& one) {
      one.flows = static_cast<Flows>(random.below(3));
      one.destinations = some_prefixes();
      one.sources = some_prefixes();
    });
  for (std::size_t i = 1 + random.below(random.chance(10) ? 80 : 6); i-- > 0;)
    make.rule("r" + std::to_string(i), names(), [&](Rule& rule) {
      rule.when.sources = some_prefixes();
      rule.when.destinations = some_prefixes();
      if (random.chance(4)) rule.when.ports = {443};
      if (random.chance(4)) rule.when.name_confirmed = random.chance(2);
      if (random.chance(4)) rule.when.alpn = {"h2"};
      if (random.chance(4)) rule.when.methods = {"GET"};
      if (random.chance(4)) rule.when.paths = globs({"/a*"});
      rule.action = static_cast<Action>(random.below(3));
      if (random.chance(3)) rule.tls = static_cast<Tls>(random.below(2));
    });
  return std::move(make).make();
}

}  // namespace

TEST_CASE("decided stage by stage, or with all facts known, a flow gets the same decision", "[policy]") {
  auto random = weir::tests::seeded_random();
  const std::vector<std::string> offered{"h2"};
  for (int round = 0; round < 3000; ++round) {
    const auto policy = some_policy(random);
    const bool encrypted = random.chance(2);
    Facts all = facts(random.chance(2) ? "10.1.0.2" : "10.2.0.2", random.chance(2) ? "198.51.100.7:443" : "10.1.9.9:80",
                      random.chance(2) ? Transport::mptcp : Transport::tcp);
    Facts now = all;
    constexpr std::array kSeen{"a.example", "x.example", "x.b.example", "c.test", ""};
    const std::string_view seen = kSeen[random.below(kSeen.size())];
    all.domain = seen.empty() ? Fact<DomainName>::absent() : Fact<DomainName>(DomainName::parse(seen).value());
    all.name_confirmed = seen.empty() ? Fact<bool>::absent() : Fact<bool>(random.chance(2));
    all.alpn = encrypted && random.chance(2) ? Fact<std::span<const std::string>>(offered)
                                             : Fact<std::span<const std::string>>::absent();
    all.request = HttpRequest{random.chance(2) ? "GET" : "POST", random.chance(2) ? "/a" : "/b", {}};
    all.encrypted = encrypted;

    auto outcome = decide(policy, now);
    std::optional<Outcome> at_hello;
    if (outcome.state == State::needs_more) {
      now.domain = all.domain;
      now.name_confirmed = all.name_confirmed;
      now.alpn = all.alpn;
      now.encrypted = encrypted;
      if (!encrypted) now.request = all.request;
      outcome = decide(policy, now);
      at_hello = outcome;
      if (outcome.state == State::needs_decryption) {
        now.request = all.request;
        outcome = decide(policy, now);
      }
    }
    REQUIRE(outcome.state == State::decided);
    // A request that policy leaves encrypted is never seen.
    if (encrypted && at_hello && at_hello->state == State::decided) all.request = Fact<HttpRequest>::absent();
    if (encrypted && !at_hello) continue;  // decided by addresses alone: checked below
    CAPTURE(round);
    REQUIRE(decide(policy, all) == outcome);
    // Telling why, it looks at every entry; deciding, only at those that the indexes leave.
    Trace trace;
    REQUIRE(decide(policy, all, &trace) == outcome);
    trace.clear();
    const auto at_once = facts("10.1.0.2", "198.51.100.7:443", all.transport);
    REQUIRE(decide(policy, at_once) == decide(policy, at_once, &trace));
  }
}

TEST_CASE("what is decided stays decided whatever is learned later", "[policy]") {
  auto random = weir::tests::seeded_random();
  for (int round = 0; round < 3000; ++round) {
    const auto policy = some_policy(random);
    auto known = facts("10.1.0.2", "198.51.100.7:443", random.chance(2) ? Transport::mptcp : Transport::tcp);
    const auto first = decide(policy, known);
    if (first.state != State::decided) continue;
    known.domain = DomainName::parse("a.example").value();
    known.name_confirmed = random.chance(2);
    known.alpn = Fact<std::span<const std::string>>::absent();
    REQUIRE(decide(policy, known) == first);
    known.request = HttpRequest{"GET", "/a", {}};
    REQUIRE(decide(policy, known) == first);
  }
}
