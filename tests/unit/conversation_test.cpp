// A conversation in every pairing of HTTP's versions: what is sent is what arrives, whichever carries it.
#include "tests/unit/conversation_fixture.hpp"

using namespace weir::test;

TEST_CASE("a request and its response", "[http][conversation]") {
  run_all([](World& world) {
    world.client().request({"GET /a", {{"Accept", "x"}, {"X-Two", "1"}, {"X-Two", "2"}}});
    world.settle();
    world.expect_request(0, "GET a.example/a\naccept: x\nx-two: 1\nx-two: 2\n[]");
    world.origin().respond(0, {"200", {{"Server", "s"}}, "aaaaa", true});
    world.settle();
    world.expect_response(0, "200\nserver: s\n[aaaaa]");
    world.expect_records({"GET /a 200 finished"});
    world.expect(world.conversation().is_idle(), true);
  });
}

TEST_CASE("requests one after the other on one connection", "[http][conversation]") {
  run_all([](World& world) {
    for (std::size_t i = 0; i < 3; ++i) {
      world.client().request({"GET /a"});
      world.settle();
      world.origin().respond(i, {"200", {}, "aaa", i % 2 == 0});
      world.settle();
      world.expect_response(i, "200\n[aaa]");
    }
    world.expect(world.client().how_closed(), "");
    world.expect(world.origin().how_closed(), "");
  });
}

TEST_CASE("bodies with a length and without, and trailers both ways", "[http][conversation]") {
  run_all([](World& world) {
    world.client().request({"POST /a", {}, "aaaa", true});
    world.settle();
    world.expect_request(0, "POST a.example/a\n[aaaa]");
    world.origin().respond(0, {"201", {}, "", true});
    world.settle();
    world.client().request({"PUT /b", {}, "bbb", false, 0, {{"X-Sum", "7"}}});
    world.settle();
    world.expect_request(1, "PUT a.example/b\n[bbb]x-sum: 7\n");
    world.origin().respond(1, {"200", {}, "bb", false, 0, {{"X-Sum", "8"}}});
    world.settle();
    world.expect_response(0, "201\n[]");
    world.expect_response(1, "200\n[bb]x-sum: 8\n");
  });
}

TEST_CASE("bodies come as they are said, not whole", "[http][conversation]") {
  run_all([](World& world) {
    world.client().request({"POST /a", {}, "aa", false, 0, {}, false});
    world.settle();
    world.expect_request(0, "POST a.example/a\n[aa] cut");
    world.client().body(0, "aaa");
    world.settle();
    world.expect(world.origin().got(0).body, "aaaaa");
    world.client().end(0);
    world.settle();
    world.expect(world.origin().got(0).whole, true);
    world.origin().respond(0, {"200", {}, "a", false, 0, {}, false});
    world.settle();
    world.expect_response(0, "200\n[a] cut");
    world.origin().body(0, "aa");
    world.settle();
    world.expect(world.client().got(0).body, "aaa");
    world.origin().end(0);
    world.settle();
    world.expect_response(0, "200\n[aaa]");
  });
}

TEST_CASE("responses whose body never comes", "[http][conversation]") {
  run_all([](World& world) {
    world.client().request({"HEAD /a"});
    world.settle();
    world.origin().respond(0, {"200", {{"Content-Length", "1000"}}});
    world.settle();
    world.client().request({"GET /b"});
    world.settle();
    world.origin().respond(1, {"204"});
    world.settle();
    world.client().request({"GET /c", {{"If-None-Match", "x"}}});
    world.settle();
    world.origin().respond(2, {"304", {{"ETag", "x"}}});
    world.settle();
    world.client().request({"GET /d"});
    world.settle();
    world.origin().respond(3, {"200"});
    world.settle();
    world.expect_response(0, "200\n[]");
    world.expect_response(1, "204\n[]");
    world.expect_response(2, "304\netag: x\n[]");
    world.expect_response(3, "200\n[]");
  });
}

TEST_CASE("informational responses go before the final one", "[http][conversation]") {
  run_all([](World& world) {
    world.client().request({"POST /a", {{"Expect", "100-continue"}}, "", false, 0, {}, false});
    world.settle();
    world.expect_request(0, "POST a.example/a\nexpect: 100-continue\n[] cut");
    world.origin().respond(0, {"100"});
    world.settle();
    world.expect(world.client().got(0).informational.size(), world.how().pairing.client == Speaks::http1 ? 0U : 1U);
    world.client().body(0, "aaa");
    world.client().end(0);
    world.settle();
    world.origin().respond(0, {"103", {{"Link", "</x>"}}});
    world.origin().respond(0, {"200", {}, "aa", true});
    world.settle();
    world.expect_response(0, "100\n…\n103\nlink: </x>\n…\n200\n[aa]");
  });
}

TEST_CASE("a response before the request is whole", "[http][conversation]") {
  run_all([](World& world) {
    world.client().request({"POST /a", {}, "aa", false, 0, {}, false});
    world.settle();
    world.origin().respond(0, {"200", {}, "aaa", true});
    world.settle();
    world.expect_response(0, "200\n[aaa]");
    world.client().body(0, "aa");
    world.client().end(0);
    world.settle();
    world.expect_request(0, "POST a.example/a\n[aaaa]");
    world.client().request({"GET /b"});
    world.settle();
    world.origin().respond(1, {"200", {}, "b", true});
    world.settle();
    world.expect_response(1, "200\n[b]");
  });
}

TEST_CASE("a blocked request is answered, and the connection goes on", "[http][conversation]") {
  run_all([](World& world) {
    world.client().request({"POST /blocked/x", {{"Accept", "application/json"}}, std::string(3000, 'x'), true});
    world.settle();
    world.expect(
        world.client().got(0).head,
        "403\ncontent-type: application/problem+json\ncache-control: no-store\nx-content-type-options: nosniff\n");
    world.expect(world.client().got(0).whole, true);
    world.client().request({"HEAD /blocked"});
    world.settle();
    world.expect(world.client().got(1).body, "");
    world.expect(world.client().got(1).whole, true);
    world.client().request({"GET /a"});
    world.settle();
    world.expect_request(0, "GET a.example/a\n[]");
    world.origin().respond(0, {"200", {}, "a", true});
    world.settle();
    world.expect_response(2, "200\n[a]");
    world.expect_records({"POST /blocked/x 403 blocked", "HEAD /blocked 403 blocked", "GET /a 200 finished"});
  });
}

TEST_CASE("what rules, Via and Forwarded change of the fields", "[http][conversation]") {
  weir::policy::HeaderEdits edits{.set_request = {{"X-Set", "1"}},
                                  .remove_request = {"x-gone"},
                                  .set_response = {{"X-Answer", "2"}},
                                  .remove_response = {"server"}};
  Conditions how;
  how.settings.via = how.settings.forwarded = how.settings.removes_alternatives = true;
  run_all(
      [&](World& world) {
        world.supervisor.edits = &edits;
        world.client().request({"GET /a", {{"X-Gone", "x"}, {"X-Set", "0"}, {"Forwarded", "for=unknown"}}});
        world.settle();
        const bool two = world.how().pairing.client == Speaks::http2;
        const bool answers_two = world.how().pairing.origin == Speaks::http2;
        world.expect_request(0, std::string("GET a.example/a\nforwarded: for=unknown\nx-set: 1\nvia: ") +
                                    (two ? "2" : "1.1") +
                                    " weir\nforwarded: for=10.1.0.2;host=\"a.example\";proto=https\n[]");
        world.origin().respond(0, {"200", {{"Server", "s"}, {"Alt-Svc", "h3=\":443\"; ma=1, h2=\":443\""}}, "a", true});
        world.settle();
        world.expect_response(0, std::string("200\nalt-svc: h2=\":443\"\nx-answer: 2\nvia: ") +
                                     (answers_two ? "2" : "1.1") + " weir\n[a]");
      },
      how);
}

TEST_CASE("what a rule sets or removes comes neither before a head nor behind a body", "[http][conversation]") {
  weir::policy::HeaderEdits edits{.set_request = {{"X-Tenant", "mine"}},
                                  .remove_request = {"x-gone"},
                                  .set_response = {{"X-Answer", "2"}},
                                  .remove_response = {"link"}};
  Conditions how;
  how.settings.removes_alternatives = true;
  run_all(
      [&](World& world) {
        world.supervisor.edits = &edits;
        const FieldList behind{{"X-Gone", "x"}, {"x-tenant", "other"}, {"X-Sum", "7"}};
        world.client().request({"POST /a", {}, "a", false, 0, behind});
        world.settle();
        world.expect_request(0, "POST a.example/a\nx-tenant: mine\n[a]x-sum: 7\n");
        const FieldList fields{{"Link", "x"}, {"Alt-Svc", "h3=\":443\""}, {"x-answer", "0"}, {"X-Kept", "1"}};
        world.origin().respond(0, {"103", fields});
        world.origin().respond(0, {"200", {}, "a", false, 0, fields});
        world.settle();
        world.expect_response(0, "103\nx-kept: 1\n…\n200\nx-answer: 2\n[a]x-kept: 1\n");
      },
      how);
}
