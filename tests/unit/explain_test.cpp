#include "proxy/admin/explain.hpp"

#include <boost/json.hpp>

#include "proxy/admin/client/reports.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/make_policy.hpp"

using namespace weir;
using admin::Question;
using weir::tests::PolicyMaker;

namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

Question question(Words words) {
  words.insert(words.begin(), {{"from", "10.1.0.2"}, {"to", "203.0.113.7:443"}});
  auto parsed = Question::parse(words);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

policy::PatternSet globs(const std::vector<std::string>& patterns) {
  auto made = policy::PatternSet::globs(patterns);
  REQUIRE(made.has_value());
  return std::move(*made);
}

policy::Policy made() {
  PolicyMaker make;
  make.bypass("media", {"*.media.example"}, [](policy::Bypass&) {});
  make.rule("old", {}, [](policy::Rule& rule) {
    rule.when.sources = tests::prefixes({"10.9.0.0/16"});
    rule.mptcp = policy::OnSyn::deny;
  });
  make.rule("ads", {"*.ads.example"}, [](policy::Rule& rule) { rule.action = policy::Action::block; });
  make.rule("paths", {}, [](policy::Rule& rule) {
    rule.when.paths = globs({"/secret*"});
    rule.tls = policy::Tls::decrypt;
    rule.action = policy::Action::reset;
  });
  return std::move(make).make();
}

boost::json::value told(const policy::Policy& policy, const Question& asked,
                        std::vector<policy::LearnedFor> learned = {}) {
  return boost::json::parse(
      admin::explanation_json(asked, admin::explain(policy, asked, {.learned = std::move(learned)})));
}

std::string disposition(const Question& asked, std::vector<policy::LearnedFor> learned = {}) {
  return told(made(), asked, std::move(learned)).at("disposition").as_string().c_str();
}

// By default, or by a rule for *.bank.example, each in its own way.
policy::Policy decrypting(policy::Tls by_default, std::optional<policy::Tls> banks,
                          policy::Action action = policy::Action::allow) {
  PolicyMaker make;
  make.tls = by_default;
  make.rule("banks", {"*.bank.example"}, [&](policy::Rule& rule) {
    rule.tls = banks;
    rule.action = action;
  });
  return std::move(make).make();
}

}  // namespace

TEST_CASE("explain: what becomes of a flow", "[explain]") {
  CHECK(disposition(question({{"mptcp", "true"}})) == "unknown");
  CHECK(disposition(question({{"mptcp", "true"}}), {{"media", "learned"}}) == "direct");
  CHECK(disposition(question({{"domain", "x.ads.example"}})) == "block");
  CHECK(disposition(question({{"domain", "other.example"}})) == "decrypt");  // to see the path
  CHECK(disposition(question({{"domain", "other.example"}, {"method", "GET"}, {"path", "/secret?x"}})) == "reset");
  CHECK(disposition(question({{"domain", "other.example"}, {"method", "GET"}, {"path", "/"}})) == "decrypt");
  CHECK(disposition(question({{"mptcp", "true"}, {"domain", "a.media.example"}})) == "splice");
  CHECK(disposition(question({{"from", "10.9.0.1"}, {"mptcp", "true"}})) == "reset");
  CHECK(disposition(question({{"to", "203.0.113.7:80"}, {"method", "GET"}})) == "inspect");
  CHECK(disposition(question({{"to", "203.0.113.7:80"}, {"mptcp", "true"}, {"domain", "a.media.example"}})) ==
        "splice");  // a bypass leaves it unread
  CHECK(disposition(question({{"to", "203.0.113.7:80"}, {"domain", "x.ads.example"}})) == "block");
}

TEST_CASE("explain: what is decrypted, by default and by rules", "[explain][tls]") {
  using policy::Action;
  using policy::Tls;
  struct Row {
    Tls by_default;
    std::optional<Tls> banks;
    Action action;
    Words words;
    std::string disposition;
    std::string by;
  };
  const Words bank{{"domain", "www.bank.example"}};
  const Words other{{"domain", "www.example"}};
  const Words plain_bank{{"to", "203.0.113.7:80"}, {"domain", "www.bank.example"}, {"method", "GET"}};
  const Words plain{{"to", "203.0.113.7:80"}, {"domain", "www.example"}, {"method", "GET"}};
  const auto row = GENERATE_COPY(values<Row>({
      {Tls::decrypt, std::nullopt, Action::allow, other, "decrypt", ""},
      {Tls::decrypt, std::nullopt, Action::allow, bank, "decrypt", "rule banks"},
      {Tls::decrypt, Tls::passthrough, Action::allow, bank, "splice", "rule banks"},
      {Tls::decrypt, Tls::passthrough, Action::allow, other, "decrypt", ""},
      {Tls::passthrough, Tls::decrypt, Action::allow, bank, "decrypt", "rule banks"},
      {Tls::passthrough, Tls::decrypt, Action::allow, other, "splice", ""},
      {Tls::passthrough, Tls::decrypt, Action::block, bank, "block", "rule banks"},
      {Tls::decrypt, std::nullopt, Action::reset, bank, "reset", "rule banks"},
      // What is no TLS has nothing to decrypt; its requests are read, since the rule is on names.
      {Tls::decrypt, std::nullopt, Action::allow, plain, "inspect", ""},
      {Tls::passthrough, Tls::decrypt, Action::allow, plain_bank, "inspect", "rule banks"},
  }));
  CAPTURE(row.words, row.by);
  const auto value = told(decrypting(row.by_default, row.banks, row.action), question(row.words));
  CHECK(value.at("disposition").as_string() == row.disposition);
  CHECK(value.at("flow").at("decided") == true);
  CHECK(value.at("flow").at("by").as_string() == row.by);
  CHECK(value.at("flow").at("asks_for_request") == false);
}

TEST_CASE("explain: what is not decrypted by experience is not read", "[explain][tls]") {
  PolicyMaker make;
  make.tls = policy::Tls::decrypt;
  make.rule("admin-path", {}, [](policy::Rule& rule) {
    rule.when.paths = globs({"/admin/*"});
    rule.action = policy::Action::block;
  });
  const auto policy = std::move(make).make();
  const auto asked = question({{"domain", "pin.example"}, {"method", "GET"}, {"path", "/admin/"}});
  const auto answer = [&](admin::Known known) {
    return boost::json::parse(admin::explanation_json(asked, admin::explain(policy, asked, std::move(known))));
  };
  CHECK(answer({}).at("disposition") == "block");
  const auto passed = answer({.exception = flow::TlsCause::rejected});
  CHECK(passed.at("disposition") == "splice");
  CHECK(passed.at("flow").at("exception").at("cause") == "rejected");
  CHECK_THAT(admin::explanation_report(passed), ContainsSubstring("; not decrypted, for the client refused"));
  CHECK(answer({.exception = flow::TlsCause::rejected, .exception_blocks = true}).at("disposition") == "block");
}

TEST_CASE("explain: what does not come to weir", "[explain]") {
  const auto asked = question({{"to", "203.0.113.7:8080"}});
  const auto answer = [&](admin::Known known) {
    return boost::json::parse(admin::explanation_json(asked, admin::explain(made(), asked, std::move(known))));
  };
  CHECK_FALSE(answer({.intercept_ports = {80, 8080}}).as_object().contains("not_intercepted"));
  const auto other = answer({.intercept_ports = {80, 443}});
  CHECK(other.at("disposition") == "direct");
  CHECK(
      admin::explanation_report(other) ==
      "A flow from 10.1.0.2 to 203.0.113.7:8080 does not come to weir: port 8080 is not in gateway.intercept_ports\n");
  CHECK(answer({.own_addresses = {asked.to.address}}).at("not_intercepted") ==
        "203.0.113.7 is an address of the gateway itself");
}

TEST_CASE("explain: whatever was asked, the answer is JSON", "[explain]") {
  const auto value = told(PolicyMaker().make(), question({{"method", "G\xff"}, {"path", "/\xfe\x1b"}}));
  CHECK(value.at("request") == "G? /??");
}

TEST_CASE("explain: a rule that asks for the request has it decrypted", "[explain][tls]") {
  const auto asked = question({{"domain", "other.example"}});
  const auto value = told(made(), asked);
  CHECK(value.at("disposition") == "decrypt");
  const auto& flow = value.at("flow");
  CHECK(flow.at("decided") == true);
  CHECK(flow.at("by") == "rule paths");
  CHECK(flow.at("tls") == "decrypt");
  CHECK_FALSE(flow.as_object().contains("action"));
  CHECK(flow.at("asks_for_request") == true);
  CHECK(flow.at("steps").as_array().back().at("name") == "paths");
  CHECK(flow.at("steps").as_array().back().at("result") == "needs more");
  CHECK_THAT(admin::explanation_report(value), ContainsSubstring("  -> decrypt, by rule paths, which asks for the "
                                                                 "request inside TLS\n"));
  const auto with_request =
      told(made(), question({{"domain", "other.example"}, {"method", "GET"}, {"path", "/secret"}}));
  CHECK(with_request.at("flow").at("action") == "reset");
  CHECK_THAT(admin::explanation_report(with_request),
             ContainsSubstring("  -> reset, by rule paths; decrypted, since a rule asks for the request inside TLS\n"));
}

TEST_CASE("explain: of a flow that is decrypted anyway, the request is judged by every rule", "[explain][tls]") {
  PolicyMaker make;
  make.rule("paths", {}, [](policy::Rule& rule) {
    rule.when.paths = globs({"/secret*"});
    rule.action = policy::Action::block;
  });
  make.rule("lab", {}, [](policy::Rule& rule) { rule.tls = policy::Tls::decrypt; });
  const auto policy = std::move(make).make();
  const Words words{{"domain", "a.example"}, {"method", "GET"}};
  auto value = told(policy, question(words));
  CHECK(value.at("disposition") == "decrypt");
  CHECK(value.at("flow").at("by") == "rule lab");
  auto secret = words;
  secret.emplace_back("path", "/secret");
  value = told(policy, question(secret));
  CHECK(value.at("disposition") == "block");
  CHECK(value.at("flow").at("by") == "rule paths");
  CHECK(value.at("flow").at("asks_for_request") == false);
}

TEST_CASE("explain: plain HTTP is read where any rule may tell its requests apart", "[explain][http]") {
  const Words words{{"to", "203.0.113.7:80"}, {"method", "GET"}};
  PolicyMaker by_address;
  by_address.rule("lab", {}, [](policy::Rule& rule) { rule.when.ports = {80}; });
  CHECK(told(std::move(by_address).make(), question(words)).at("disposition") == "splice");
  PolicyMaker by_name;
  by_name.rule("x", {"x.example"}, [](policy::Rule&) {});
  const auto policy = std::move(by_name).make();
  CHECK(told(policy, question(words)).at("disposition") == "inspect");
  CHECK(told(policy, question({{"to", "203.0.113.7:80"}, {"domain", "a.example"}})).at("disposition") == "inspect");
  CHECK(told(policy, question({{"domain", "a.example"}})).at("disposition") == "splice");
}

TEST_CASE("explain: whether the name was confirmed", "[explain][http]") {
  PolicyMaker make;
  make.rule("liars", {}, [](policy::Rule& rule) {
    rule.when.name_confirmed = false;
    rule.action = policy::Action::block;
  });
  const auto policy = std::move(make).make();
  struct Row {
    Words words;
    std::string disposition;
    std::string name;  // in the report
  };
  const auto row = GENERATE(values<Row>({
      {{{"domain", "a.example"}}, "block", "The flow, name a.example (not seen to belong there)\n"},
      {{{"domain", "a.example"}, {"name_confirmed", "false"}}, "block", "a.example (not seen to belong there)\n"},
      {{{"domain", "a.example"}, {"name_confirmed", "true"}}, "splice", "a.example (seen to belong there)\n"},
      {{{"to", "203.0.113.7:80"}, {"method", "GET"}}, "inspect", "The flow, request GET /\n"},
      {{}, "unknown", "The flow\n"},
  }));
  const auto value = told(policy, question(row.words));
  CHECK(value.at("disposition").as_string() == row.disposition);
  CHECK_THAT(admin::explanation_report(value), ContainsSubstring(row.name));
  CHECK_FALSE(told(made(), question({{"domain", "a.example"}})).at("flow").as_object().contains("name_confirmed"));
}

TEST_CASE("explain: what the deciding rule does to header fields", "[explain][http]") {
  PolicyMaker make;
  make.rule("tenant", {"login.example"}, [](policy::Rule& rule) {
    rule.tls = policy::Tls::decrypt;
    rule.edits.set_request = {{"X-Tenant", "acme\x1b"}, {"X-B", "2"}};
    rule.edits.remove_request = {"cookie", "dnt"};
    rule.edits.remove_response = {"server"};
  });
  const auto policy = std::move(make).make();
  const auto value = told(policy, question({{"domain", "login.example"}}));
  CHECK(value.at("flow").at("edits") ==
        boost::json::parse(R"({"set_request_headers": {"X-Tenant": "acme\u001b", "X-B": "2"},
                               "remove_request_headers": ["cookie", "dnt"], "remove_response_headers": ["server"]})"));
  CHECK_THAT(admin::explanation_report(value), ContainsSubstring("  -> decrypt, by rule tenant\n"
                                                                 "     requests: sets X-Tenant: acme\\x1b\n"
                                                                 "     requests: sets X-B: 2\n"
                                                                 "     requests: removes cookie, dnt\n"
                                                                 "     responses: removes server\n"));
  CHECK_FALSE(told(policy, question({{"domain", "a.example"}})).at("flow").as_object().contains("edits"));
}

TEST_CASE("explain: a rule on the request stays unmatched where nothing is decrypted", "[explain][tls]") {
  PolicyMaker make;
  make.rule("paths", {}, [](policy::Rule& rule) {
    rule.when.paths = globs({"/secret*"});
    rule.action = policy::Action::block;
  });
  const auto value =
      told(std::move(make).make(), question({{"domain", "a.example"}, {"method", "GET"}, {"path", "/secret"}}));
  CHECK(value.at("disposition") == "splice");
  CHECK(value.at("flow").at("asks_for_request") == false);
}

TEST_CASE("explain: what is wrong with a question", "[explain]") {
  const auto error = [](const Words& words) {
    const auto parsed = Question::parse(words);
    return parsed.has_value() ? std::string() : parsed.error();
  };
  CHECK_THAT(error({}), ContainsSubstring("from is missing"));
  CHECK_THAT(error({{"from", "10.0.0.1"}}), ContainsSubstring("to is missing"));
  CHECK_THAT(error({{"from", "x"}}), ContainsSubstring("from is an address"));
  CHECK_THAT(error({{"to", "10.0.0.1"}}), ContainsSubstring("an address and a port"));
  CHECK_THAT(error({{"mptcp", "yes"}}), ContainsSubstring("true or false"));
  CHECK_THAT(error({{"name_confirmed", "maybe"}}), ContainsSubstring("name_confirmed is true or false"));
  CHECK_THAT(error({{"from", "10.0.0.1"}, {"to", "10.0.0.2:443"}, {"name_confirmed", "true"}}),
             ContainsSubstring("give domain as well"));
  CHECK_THAT(error({{"domain", "10.0.0.1"}}), ContainsSubstring("a name on the wire"));
  CHECK_THAT(error({{"header", "x"}}), ContainsSubstring("'Name: value'"));
  CHECK_THAT(error({{"colour", "red"}}), ContainsSubstring("a flow is told by"));
}

TEST_CASE("explain: for people", "[explain]") {
  const auto report = [](const Question& asked) {
    return admin::explanation_report(
        boost::json::parse(admin::explanation_json(asked, admin::explain(made(), asked, {}))));
  };
  CHECK(report(question({{"from", "10.9.0.1"}, {"mptcp", "true"}})) ==
        "The SYN of an MPTCP connection from 10.9.0.1 to 203.0.113.7:443\n"
        "  ENTRY   NAME   RESULT    WHY\n"
        "  bypass  media  no match  nothing was learned for its names there\n"
        "  rule    old    match     source 10.9.0.1 is in 10.9.0.0/16\n"
        "  -> is answered with a reset, by rule old\n");
  CHECK_THAT(report(question({{"domain", "x.ads.example"}})),
             ContainsSubstring("The flow, name x.ads.example\n") &&
                 ContainsSubstring("name x.ads.example matches *.ads.example\n  -> block, by rule ads\n"));
  CHECK_THAT(report(question({})), ContainsSubstring("-> not decided yet: it needs what the client says first"));
}
