#include "proxy/http/h1_head_scan.hpp"

#include <algorithm>
#include <array>

#include "proxy/http/characters.hpp"

namespace weir::http {
namespace {

constexpr std::array<std::uint8_t, 5> kHttp{'H', 'T', 'T', 'P', '/'};
constexpr std::size_t kVersionSize = 8;
constexpr std::size_t kStatusSize = 3;

const std::uint8_t* skip(Character kind, const std::uint8_t* at, const std::uint8_t* end) {
  while (at != end && is(kind, *at)) ++at;
  return at;
}

}  // namespace

std::size_t H1HeadScan::scan(std::span<const std::uint8_t> fresh) {
  const auto* const begin = fresh.data();
  const auto* const end = begin + std::min(fresh.size(), limits_.bytes - seen_);
  const auto* at = begin;
  while (at != end && state_ < State::done) at = step(at, end);
  const auto taken = static_cast<std::size_t>(at - begin);
  seen_ += taken;
  if (state_ < State::done && seen_ == limits_.bytes) fail(Fault::head_too_large);
  return taken;
}

// One byte, or as many as are of one kind.
const std::uint8_t* H1HeadScan::step(const std::uint8_t* at, const std::uint8_t* end) {
  const auto run = [&](Character kind) { return (at = skip(kind, at, end)) == end; };
  switch (state_) {
    case State::start:
      if (!begin(*at)) return at;
      break;
    case State::empty_line_end: expect('\n', State::method_begin, *at, Fault::line_ending); break;
    case State::method_begin:
      if (!is(kToken, *at))
        fail_at(*at, Fault::start_line);
      else
        state_ = State::method;
      break;
    case State::method:
      if (run(kToken)) return end;
      expect(' ', State::target_begin, *at, Fault::start_line);
      break;
    case State::target_begin:
      state_ = State::target;
      if (*at != ' ') return at;
      malformed_line(*at);
      break;
    case State::target:
      if (run(kTargetChar)) return end;
      end_target(*at);
      break;
    case State::version: take_version(*at); break;
    case State::after_version: end_version(*at); break;
    case State::status: take_status(*at); break;
    case State::after_status: end_status(*at); break;
    case State::reason:
      if (run(kText)) return end;
      expect('\r', State::line_end, *at, Fault::start_line);
      break;
    case State::line_end: expect('\n', State::field, *at, Fault::line_ending); break;
    case State::bad_line: take_bad_line(*at); break;
    case State::field: begin_field(*at); break;
    case State::name:
      if (run(kToken)) return end;
      expect(':', State::value, *at, Fault::field_name);
      break;
    case State::value:
      if (run(kText)) return end;
      expect('\r', State::field_end, *at, Fault::character);
      break;
    case State::field_end: expect('\n', State::field, *at, Fault::line_ending); break;
    case State::last_end: expect('\n', State::done, *at, Fault::line_ending); break;
    case State::done:
    case State::failed: return end;
  }
  return at + 1;
}

bool H1HeadScan::begin(std::uint8_t byte) {
  if (of_ == Of::response) {
    state_ = State::version;
    return false;
  }
  state_ = byte == '\r' ? State::empty_line_end : State::method_begin;
  if (byte == '\r') empty_line_ = 2;
  return byte == '\r';
}

void H1HeadScan::end_target(std::uint8_t byte) {
  if (byte == ' ')
    state_ = State::version;
  else if (!is(kText, byte))
    fail_at(byte, Fault::start_line);  // a CR: HTTP/0.9
  else
    bad_target_ = true;  // told once it is known to be HTTP
}

void H1HeadScan::take_version(std::uint8_t byte) {
  const bool in_digits = matched_ == kHttp.size() || matched_ == kVersionSize - 1;
  const bool good = in_digits ? is(kDigit, byte) : byte == (matched_ < kHttp.size() ? kHttp[matched_] : '.');
  if (!good) return malformed_line(byte);
  if (in_digits) version_ = static_cast<std::uint8_t>(version_ * 10 + (byte - '0'));
  ++matched_;
  if (matched_ == kHttp.size()) says_http_ = true;
  if (matched_ < kVersionSize) return;
  matched_ = 0;
  state_ = State::after_version;
  if (version_ != 10 && version_ != 11)
    fail(Fault::version);
  else if (bad_target_)
    fail(Fault::target);
}

void H1HeadScan::end_version(std::uint8_t byte) {
  if (of_ == Of::response)
    expect(' ', State::status, byte, Fault::start_line);
  else
    expect('\r', State::line_end, byte, Fault::start_line);
}

void H1HeadScan::take_status(std::uint8_t byte) {
  if (!is(kDigit, byte)) return fail_at(byte, Fault::start_line);
  if (++matched_ == kStatusSize) state_ = State::after_status;
}

void H1HeadScan::end_status(std::uint8_t byte) {
  ends_at_status_ = byte == '\r';
  if (ends_at_status_)
    state_ = State::line_end;
  else
    expect(' ', State::reason, byte, Fault::start_line);
}

void H1HeadScan::begin_field(std::uint8_t byte) {
  if (byte == '\r') {
    state_ = State::last_end;
  } else if (byte == ' ' || byte == '\t') {
    fail(Fault::folding);
  } else if (!is(kToken, byte)) {
    fail_at(byte, Fault::field_name);
  } else {
    state_ = State::name;
    if (++fields_ > limits_.fields) fail(Fault::too_many_fields);
  }
}

// Whether the rest of it says HTTP decides whether it is taken for HTTP at all.
void H1HeadScan::malformed_line(std::uint8_t byte) {
  if (of_ == Of::response) return fail_at(byte, Fault::start_line);
  state_ = State::bad_line;
  matched_ = 0;
  take_bad_line(byte);
}

void H1HeadScan::take_bad_line(std::uint8_t byte) {
  if (!is(kText, byte)) return fail_at(byte, Fault::start_line);
  matched_ = byte == kHttp[matched_] ? static_cast<std::uint8_t>(matched_ + 1) : (byte == kHttp.front() ? 1 : 0);
  if (matched_ < kHttp.size()) return;
  says_http_ = true;
  fail(Fault::start_line);
}

void H1HeadScan::expect(std::uint8_t wanted, State then, std::uint8_t byte, Fault otherwise) {
  if (byte == wanted)
    state_ = then;
  else
    fail_at(byte, otherwise);
}

void H1HeadScan::fail(Fault fault) {
  state_ = State::failed;
  fault_ = fault;
}

// The byte itself may be what is wrong.
void H1HeadScan::fail_at(std::uint8_t byte, Fault otherwise) {
  if (byte == '\n')
    fail(Fault::line_ending);
  else if (!is(kText, byte) && byte != '\r' && otherwise != Fault::line_ending)
    fail(Fault::character);
  else
    fail(otherwise);
}

}  // namespace weir::http
