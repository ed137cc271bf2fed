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

std::string disposition(const Question& asked, std::vector<policy::LearnedFor> learned = {}) {
  const auto text = admin::explanation_json(asked, admin::explain(made(), asked, std::move(learned)));
  return boost::json::parse(text).at("disposition").as_string().c_str();
}

}  // namespace

TEST_CASE("explain: what becomes of a flow", "[explain]") {
  CHECK(disposition(question({{"mptcp", "true"}})) == "unknown");
  CHECK(disposition(question({{"mptcp", "true"}}), {{"media", "learned"}}) == "direct");
  CHECK(disposition(question({{"domain", "x.ads.example"}})) == "block");
  CHECK(disposition(question({{"domain", "other.example"}})) == "unknown");  // the path decides
  CHECK(disposition(question({{"domain", "other.example"}, {"method", "GET"}, {"path", "/secret?x"}})) == "reset");
  CHECK(disposition(question({{"domain", "other.example"}, {"method", "GET"}, {"path", "/"}})) == "decrypt");
  CHECK(disposition(question({{"mptcp", "true"}, {"domain", "a.media.example"}})) == "splice");
  CHECK(disposition(question({{"from", "10.9.0.1"}, {"mptcp", "true"}})) == "reset");
  CHECK(disposition(question({{"to", "203.0.113.7:80"}, {"method", "GET"}})) == "splice");
  CHECK(disposition(question({{"to", "203.0.113.7:80"}, {"domain", "x.ads.example"}})) == "block");
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
