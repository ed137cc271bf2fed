#include "proxy/http/h1_reader.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "proxy/http/h1_chunk_scan.hpp"
#include "proxy/http/h1_head_scan.hpp"
#include "proxy/http/h1_parser.hpp"

namespace weir::http {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Bytes that belong together and came in several pieces. Where they came in one, nothing is copied.
class Pieces {
 public:
  void add(Bytes piece) { kept_.insert(kept_.end(), piece.begin(), piece.end()); }
  Bytes with(Bytes last) {
    if (kept_.empty()) return last;
    add(last);
    return kept_;
  }
  void drop() {
    if (kept_.capacity() > 0) kept_ = {};
  }

 private:
  std::vector<std::uint8_t> kept_;
};

// What requests and responses have in common: from one message to the next.
template <typename Parser>
class MessageReader {
 public:
  MessageReader(H1HeadScan::Of of, const H1Limits& limits)
      : head_(of, {limits.head, limits.fields}), chunks_(limits.extensions, {limits.head, limits.fields}) {}

  template <typename Message, typename... Options>
  H1Step read(Bytes input, Message& into, Options... options) {
    switch (stage_) {
      case Stage::head: return read_head(input, into, options...);
      case Stage::chunks: return read_chunks(input);
      case Stage::body: return read_body(input);
      case Stage::tunnel: return some_body(input.size(), input);
      case Stage::over: stage_ = Stage::head; return {.event = H1Event::end};
      case Stage::failed: break;
    }
    return {.event = H1Event::fault};
  }

  H1Step read_end() {
    if (stage_ == Stage::failed) return {.event = H1Event::fault};
    if (stage_ == Stage::over || stage_ == Stage::tunnel || (stage_ == Stage::body && parser_->need_eof())) {
      stage_ = Stage::head;
      return {.event = H1Event::end};
    }
    return is_between_messages() ? H1Step{} : fail(Fault::truncated);
  }

  bool is_between_messages() const { return stage_ == Stage::head && !head_.has_begun(); }
  bool says_http() const { return head_.says_http(); }
  Fault fault() const { return fault_; }
  const Fields& trailers() const { return trailers_; }

 protected:
  H1Step fail(Fault fault) {
    stage_ = Stage::failed;
    fault_ = fault;
    pieces_.drop();
    return {.event = H1Event::fault};
  }

 private:
  enum class Stage : std::uint8_t {
    head,
    chunks,
    body,  // of a known size, or until the connection's end
    tunnel,
    over,  // its end is still to be told
    failed,
  };

  static H1Step some_body(std::size_t taken, Bytes body) {
    return {.event = body.empty() ? H1Event::need_more : H1Event::body, .taken = taken, .body = body};
  }

  template <typename Message, typename... Options>
  H1Step read_head(Bytes input, Message& into, Options... options) {
    drop_trailers();
    const auto taken = head_.scan(input);
    if (head_.fault() != Fault::none) return fail(head_.fault());
    if (!head_.is_done()) {
      pieces_.add(input);
      return {.taken = taken};
    }
    into.clear();
    parser_.emplace(trailers_, into, options...);
    parse_head(pieces_.with(input.first(taken)));
    pieces_.drop();
    if (parser_->fault() != Fault::none) return fail(parser_->fault());
    begin_body(into.body.kind);
    return {.event = H1Event::head, .taken = taken};
  }

  // Few messages have them, so no memory is kept for them.
  void drop_trailers() {
    if (trailers_.empty()) return;
    trailers_.clear();
    trailers_.shrink();
  }

  void parse_head(Bytes head) {
    if (!head_.ends_at_status()) {
      parser_->take(head.subspan(head_.empty_line()));
      return;
    }
    // Beast wants the space behind the status.
    constexpr std::size_t kLine = std::string_view("HTTP/1.1 200").size();
    std::vector<std::uint8_t> whole(head.begin(), head.end());
    whole.insert(whole.begin() + kLine, ' ');
    parser_->take(whole);
  }

  void begin_body(Body::Kind kind) {
    head_.restart();
    if (kind == Body::Kind::tunnel)
      stage_ = Stage::tunnel;
    else if (parser_->is_done())
      stage_ = Stage::over;
    else
      stage_ = parser_->chunked() ? Stage::chunks : Stage::body;
    if (stage_ == Stage::chunks) chunks_.begin_message();
  }

  H1Step read_body(Bytes input) {
    if (input.empty()) return {};
    const auto taken = parser_->take(input);
    if (parser_->is_done()) stage_ = Stage::over;
    return some_body(taken, parser_->body());
  }

  H1Step read_chunks(Bytes input) {
    std::size_t taken = 0;
    if (!parser_->is_in_chunk()) {
      taken = chunks_.scan(input);
      if (chunks_.fault() != Fault::none) return fail(chunks_.fault());
      if (!chunks_.is_done()) {
        pieces_.add(input);
        return {.taken = taken};
      }
      parser_->take(pieces_.with(input.first(taken)));
      pieces_.drop();
      if (parser_->fault() != Fault::none) return fail(parser_->fault());
      chunks_.begin_next();
      if (parser_->is_done()) {
        stage_ = Stage::head;
        return {.event = H1Event::end, .taken = taken};
      }
    }
    if (taken == input.size()) return {.taken = taken};
    taken += parser_->take(input.subspan(taken));
    return some_body(taken, parser_->body());
  }

  H1HeadScan head_;
  H1ChunkScan chunks_;
  std::optional<Parser> parser_;
  Pieces pieces_;
  Fields trailers_;
  Stage stage_ = Stage::head;
  Fault fault_ = Fault::none;
};

}  // namespace

struct H1RequestReader::Parser : MessageReader<H1RequestParser> {
  using MessageReader::MessageReader;
};

H1RequestReader::H1RequestReader(const H1Limits& limits)
    : parser_(std::make_unique<Parser>(H1HeadScan::Of::request, limits)) {}
H1RequestReader::~H1RequestReader() = default;
H1RequestReader::H1RequestReader(H1RequestReader&&) noexcept = default;
H1RequestReader& H1RequestReader::operator=(H1RequestReader&&) noexcept = default;

H1Step H1RequestReader::read(Bytes input, Request& into) { return parser_->read(input, into); }
bool H1RequestReader::is_between_messages() const { return parser_->is_between_messages(); }
bool H1RequestReader::says_http() const { return parser_->says_http(); }
Fault H1RequestReader::fault() const { return parser_->fault(); }
const Fields& H1RequestReader::trailers() const { return parser_->trailers(); }

struct H1ResponseReader::Parser : MessageReader<H1ResponseParser> {
  explicit Parser(const H1Limits& limits) : MessageReader(H1HeadScan::Of::response, limits) {}

  bool to_head = false;
};

H1ResponseReader::H1ResponseReader(const H1Limits& limits) : parser_(std::make_unique<Parser>(limits)) {}
H1ResponseReader::~H1ResponseReader() = default;
H1ResponseReader::H1ResponseReader(H1ResponseReader&&) noexcept = default;
H1ResponseReader& H1ResponseReader::operator=(H1ResponseReader&&) noexcept = default;

void H1ResponseReader::expect(bool to_head) { parser_->to_head = to_head; }

H1Step H1ResponseReader::read(Bytes input, Response& into) { return parser_->read(input, into, parser_->to_head); }
H1Step H1ResponseReader::read_end() { return parser_->read_end(); }
bool H1ResponseReader::is_between_messages() const { return parser_->is_between_messages(); }
Fault H1ResponseReader::fault() const { return parser_->fault(); }
const Fields& H1ResponseReader::trailers() const { return parser_->trailers(); }

}  // namespace weir::http
