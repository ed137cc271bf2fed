// HTTP/1 to HTTP/2 to HTTP/1, by two conversations in a row: what comes out means what went in. The last two bytes of
// the input tell where the requests end and the origin's responses begin.
#include "proxy/http/field_edits.hpp"
#include "tests/fuzz/conversation_pipe.hpp"

using namespace weir::fuzz;
using namespace weir::http;
using weir::test::compared;
using weir::test::Got;
using weir::test::H1Client;
using weir::test::H1Origin;

namespace {

constexpr std::size_t kLargest = 60'000;  // of a head: HTTP/2 counts more than HTTP/1

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string trailers_of(const Fields& trailers) {
  auto kept = trailers;
  kept.remove_if([](const HeaderField& field) { return !may_be_trailer(field.name); });
  return compared(kept);
}

std::string head_of(Request request) {
  remove_connection_fields(request.fields);
  join_cookies(request.fields);
  return request.method + " " + request.authority + request.target + "\n" + compared(request.fields);
}

// What weir's own reader makes of the client's bytes: as many requests as are certain to be passed on.
std::vector<Got> read_requests(std::string_view stream) {
  std::vector<Got> all;
  H1RequestReader reader;
  Request request;
  for (;;) {
    const auto step = reader.read(bytes_of(stream), request);
    stream.remove_prefix(step.taken);
    if (step.event == H1Event::need_more || step.event == H1Event::fault) return all;
    if (step.event == H1Event::head) {
      if (request.authority.empty() || request.fields.list_size() > kLargest) return all;
      if (request.target.starts_with("/blocked") || request.target.starts_with("/reset")) return all;
      all.push_back({.head = head_of(request)});
    }
    if (step.event == H1Event::body) all.back().body.append(step.body.begin(), step.body.end());
    if (step.event != H1Event::end) continue;
    all.back().whole = true;
    all.back().trailers = trailers_of(reader.trailers());
    if (!request.keeps_alive) return all;
  }
}

class TwoGateways {
 public:
  explicit TwoGateways(std::size_t piece)
      : first_(Speaks::http1, Speaks::http2, piece), second_(Speaks::http2, Speaks::http1, piece) {}

  // `respond` is asked after each step of the origin's.
  template <typename Respond>
  void run(std::string bytes, Respond respond) {
    std::string up;
    std::string down;
    std::string from_origin;
    for (bool moved = true; moved;) {
      moved = first_.give(first_.client(), bytes);
      moved |= carry(first_, first_.upstream(), up);
      moved |= second_.give(second_.client(), up);
      const auto out = second_.take(second_.upstream());
      if (!out.empty()) origin.input(out);
      moved |= !out.empty();
      from_origin += respond(origin);
      moved |= second_.give(second_.upstream(), from_origin);
      moved |= carry(second_, second_.client(), down);
      moved |= first_.give(first_.upstream(), down);
      const auto answer = first_.take(first_.client());
      if (!answer.empty()) client.input(answer);
      moved |= !answer.empty();
    }
    require(origin.fault == Fault::none && client.fault == Fault::none);
  }
  void end() {
    first_.end();
    second_.end();
  }
  H1Client client;
  H1Origin origin;

 private:
  static bool carry(Gateway& gateway, Side& side, std::string& into) {
    const auto out = gateway.take(side);
    into += out;
    return !out.empty();
  }
  Gateway first_;
  Gateway second_;
};

void require_same_requests(const std::string& bytes, std::size_t piece) {
  TwoGateways hop(piece);
  for (int i = 0; i < 8; ++i) hop.client.request({"GET /"});  // so that it expects responses
  hop.client.output();
  std::size_t answered = 0;
  hop.run(bytes, [&](H1Origin& origin) {
    for (; answered < origin.seen() && origin.got(answered).whole; ++answered) origin.respond(answered, {"204"});
    return origin.output();
  });
  const auto expected = read_requests(bytes);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& got = hop.origin.got(i);
    if (!expected[i].whole) {
      require(!got.whole);
      break;
    }
    require(got.whole && got.head == expected[i].head && got.body == expected[i].body);
    require(got.trailers == expected[i].trailers);
  }
  hop.end();
}

void require_same_response(const std::string& bytes, std::size_t piece, const char* method) {
  H1ResponseReader reader;
  reader.expect(std::string_view(method) == "HEAD");
  Response response;
  Got expected;
  bool is_interim = false;
  for (auto rest = std::string_view(bytes); !expected.whole;) {
    const auto step = reader.read(bytes_of(rest), response);
    rest.remove_prefix(step.taken);
    if (step.event == H1Event::need_more || step.event == H1Event::fault) break;
    if (step.event == H1Event::head) {
      is_interim = response.is_informational();
      if (!is_interim && response.status == 101) return;
      if (response.fields.list_size() > kLargest) return;
      remove_connection_fields(response.fields);
      response.fields.remove("te");
      const auto text = std::to_string(response.status) + "\n" + compared(response.fields);
      if (is_interim)
        expected.informational.push_back(text);
      else
        expected.head = text;
    }
    if (step.event == H1Event::body) expected.body.append(step.body.begin(), step.body.end());
    if (step.event != H1Event::end) continue;
    if (!is_interim) {
      expected.whole = true;
      expected.trailers = trailers_of(reader.trailers());
    }
  }
  if (expected.informational.size() > Conversation::kMostInformational) return;

  TwoGateways hop(piece);
  hop.client.request({std::string(method) + " /a"});
  bool said = false;
  hop.run(hop.client.output(),
          [&](H1Origin& origin) { return origin.seen() > 0 && !std::exchange(said, true) ? bytes : std::string(); });
  if (hop.client.seen() > 0) {
    const auto& got = hop.client.got(0);
    if (got.head.starts_with("502") && expected.head != got.head) {
      require(!expected.whole);
    } else {
      require(got.head == expected.head && expected.body.starts_with(got.body));
      require(got.informational == expected.informational);
      require(got.whole == expected.whole);
      if (expected.whole) require(got.body == expected.body && got.trailers == expected.trailers);
    }
  } else {
    require(!expected.whole);
  }
  hop.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t told = data[size - 2] * std::size_t{256} + data[size - 1];
  const std::string all(reinterpret_cast<const char*>(data), size - 2);
  const auto split = std::min(told, all.size());
  const std::size_t piece = 1 + (told + size) % 61;
  require_same_requests(all.substr(0, split), 1 << 16);
  require_same_requests(all.substr(0, split), piece);
  const auto* const method = size % 3 == 0 ? "HEAD" : "GET";
  require_same_response(all.substr(split), 1 << 16, method);
  require_same_response(all.substr(split), piece, method);
  return 0;
}
