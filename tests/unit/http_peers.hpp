// A client and an origin in memory, of either version of HTTP: what a test has them say, and what each understood.
// HTTP/2 is spoken by nghttp2 in the opposite role of weir's.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/h1_reader.hpp"
#include "proxy/http/h1_writer.hpp"

namespace weir::test {

using FieldList = std::vector<std::pair<std::string, std::string>>;

// A message to be sent.
struct Say {
  std::string start;                  // "POST /a", or "200"
  FieldList fields{};                 // in HTTP/1 with Host, if it is to be another than a.example
  std::optional<std::string> body{};  // none: the head ends it
  bool sized = false;                 // Content-Length says how long the body is
  std::size_t length = 0;             // where that is not `body`'s
  FieldList trailers{};
  bool ends = true;  // else more is said later
};

// A message as it was understood.
struct Got {
  std::vector<std::string> informational{};
  std::string head{};  // the start line and the fields, but for those that the connection or the version asks for
  std::string body{};
  std::string trailers{};
  bool whole = false;
  std::optional<std::uint32_t> reset{};  // HTTP/2: its stream, with this code
  int stream = 0;

  std::string all() const {
    std::string text;
    for (const auto& each : informational) text += each + "…\n";
    text += head + "[" + body + "]" + trailers;
    return text + (whole ? "" : " cut");
  }
};

// Said or understood differently in each version.
inline bool is_compared(std::string_view name) {
  for (const std::string_view left_out :
       {"content-length", "transfer-encoding", "connection", "host", "date", "keep-alive"})
    if (name == left_out) return false;
  return true;
}

inline std::string lower(std::string_view text) {
  std::string folded(text);
  for (auto& c : folded)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return folded;
}

inline std::string compared(const http::Fields& fields) {
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (const auto name = lower(fields[i].name); is_compared(name))
      text += name + ": " + std::string(fields[i].value) + "\n";
  return text;
}

class Peer {
 public:
  virtual ~Peer() = default;

  // The index of the request, or a response to the request of that index. Nothing happens where that never came.
  virtual std::size_t request(const Say&) { return 0; }
  virtual void respond(std::size_t, const Say&) {}
  virtual void body(std::size_t, std::string_view) = 0;
  virtual void end(std::size_t, const FieldList& trailers = {}) = 0;
  virtual void reset(std::size_t, std::uint32_t) {}
  virtual void go_away(std::uint32_t = 0) {}
  // Bytes as they are, of abuse.
  void raw(std::string_view bytes) { output_ += bytes; }

  std::size_t seen() const { return got_.size(); }
  const Got& got(std::size_t i) {
    static const Got none;
    return i < got_.size() ? got_[i] : none;
  }

  // Takes what is to be sent.
  virtual std::string output() { return std::exchange(output_, {}); }
  virtual void input(std::string_view bytes) = 0;
  // weir's side closed: `in_order`, or with a reset.
  virtual void closed(bool in_order) { closed_ = in_order ? "in order" : "abrupt"; }
  const std::string& how_closed() const { return closed_; }
  std::string& received() { return received_; }

 protected:
  std::string output_;
  std::string received_;
  std::string closed_;  // empty: it is open
  std::vector<Got> got_;
};

// --- HTTP/1

inline void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

inline bool has_field(const FieldList& fields, std::string_view name) {
  for (const auto& [each, value] : fields)
    if (lower(each) == name) return true;
  return false;
}

inline std::string chunk(std::string_view bytes) {
  std::string out;
  if (bytes.empty()) return out;
  http::write_chunk_head(bytes.size(), out);
  return out.append(bytes).append("\r\n");
}

class H1Peer : public Peer {
 public:
  void body(std::size_t, std::string_view bytes) override { output_ += chunked_ ? chunk(bytes) : std::string(bytes); }
  void end(std::size_t, const FieldList& trailers = {}) override {
    if (!chunked_) return;
    output_ += "0\r\n";
    for (const auto& [name, value] : trailers) add_field(output_, name, value);
    output_ += "\r\n";
  }
  http::Fault fault = http::Fault::none;  // of what it read

 protected:
  void say(const std::string& line, const Say& say, bool wants_length) {
    output_ += line + "\r\n";
    for (const auto& [name, value] : say.fields) add_field(output_, name, value);
    chunked_ = say.body && !say.sized && !has_field(say.fields, "content-length") && !is_raw_;
    if (chunked_) add_field(output_, "Transfer-Encoding", "chunked");
    if (say.body && say.sized)
      add_field(output_, "Content-Length", std::to_string(say.length > 0 ? say.length : say.body->size()));
    if (!say.body && wants_length && !has_field(say.fields, "content-length"))
      add_field(output_, "Content-Length", "0");
    output_ += "\r\n";
    if (say.body) body(0, *say.body);
    if (say.ends) end(0, say.trailers);
  }
  // Reads on; `note_head` begins a message.
  template <typename Reader, typename Message, typename NoteHead>
  void read(Reader& reader, Message& message, std::string_view bytes, NoteHead note_head) {
    received_ += bytes;
    const std::span all(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    for (std::size_t taken = 0;;) {
      const auto step = reader.read(all.subspan(taken), message);
      taken += step.taken;
      if (step.event == http::H1Event::need_more) return;
      if (step.event == http::H1Event::fault) return void(fault = reader.fault());
      if (step.event == http::H1Event::head) note_head();
      if (is_interim_) {
        if (step.event == http::H1Event::end) is_interim_ = false;
        continue;
      }
      if (step.event == http::H1Event::body) got_.back().body.append(step.body.begin(), step.body.end());
      if (step.event == http::H1Event::end) {
        got_.back().whole = true;
        got_.back().trailers = compared(reader.trailers());
      }
    }
  }

  bool chunked_ = false;
  bool is_raw_ = false;
  bool is_interim_ = false;
};

class H1Client final : public H1Peer {
 public:
  std::size_t request(const Say& what) override {
    auto with_host = what;
    if (!has_field(what.fields, "host") && version != "HTTP/1.0")
      with_host.fields.insert(with_host.fields.begin(), {"Host", "a.example"});
    methods_.push_back(what.start.substr(0, what.start.find(' ')));
    say(what.start + " " + version, with_host, false);
    return methods_.size() - 1;
  }
  void input(std::string_view bytes) override {
    if (answered_ < methods_.size()) reader_.expect(methods_[answered_] == "HEAD");
    read(reader_, response_, bytes, [this] { note_head(); });
  }
  void closed(bool in_order) override {
    H1Peer::closed(in_order);
    if (in_order && reader_.read_end().event == http::H1Event::end && !got_.empty()) got_.back().whole = true;
  }
  std::string version = "HTTP/1.1";

 private:
  void note_head() {
    const auto text = std::to_string(response_.status) + "\n" + compared(response_.fields);
    is_interim_ = response_.is_informational();
    if (is_interim_) return interim_.push_back(text);
    got_.push_back({.informational = std::exchange(interim_, {}), .head = text});
    ++answered_;
    if (answered_ < methods_.size()) reader_.expect(methods_[answered_] == "HEAD");
  }
  http::H1ResponseReader reader_;
  http::Response response_;
  std::vector<std::string> methods_;
  std::vector<std::string> interim_;
  std::size_t answered_ = 0;
};

class H1Origin final : public H1Peer {
 public:
  // What it says ends with the connection.
  void respond_raw(std::size_t i, const Say& what) {
    is_raw_ = true;
    respond(i, what);
  }
  void respond(std::size_t i, const Say& what) override {
    if (i >= got_.size()) return;
    const bool has_none = what.start.starts_with("1") || what.start == "204" || what.start == "304" || is_raw_ ||
                          got_[i].head.starts_with("HEAD ");
    say("HTTP/1.1 " + what.start + " -", what, !has_none);
  }
  void input(std::string_view bytes) override {
    if (tunnels) {
      received_ += bytes;
      got_.back().body += bytes;
      return;
    }
    read(reader_, request_, bytes, [this] {
      got_.push_back(
          {.head = request_.method + " " + request_.authority + request_.target + "\n" + compared(request_.fields)});
    });
  }
  bool tunnels = false;

 private:
  http::H1RequestReader reader_;
  http::Request request_;
};

// --- HTTP/2

class H2Peer : public Peer {
 public:
  enum class Role : std::uint8_t { client, server };
  explicit H2Peer(Role role, bool takes_at_once = true) : role_(role) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    if (!takes_at_once) nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_send_header_block_length(option, 1 << 20);
    nghttp2_session* session = nullptr;
    if (role == Role::client)
      nghttp2_session_client_new2(&session, callbacks, this, option);
    else
      nghttp2_session_server_new2(&session, callbacks, this, option);
    session_.reset(session);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
  }

  void settings(const std::vector<nghttp2_settings_entry>& entries = {}) {
    nghttp2_submit_settings(session(), 0, entries.data(), entries.size());
  }
  std::size_t request(const Say& what) override {
    const auto space = what.start.find(' ');
    FieldList all{{":method", what.start.substr(0, space)}};
    const bool has_pseudo = has_field(what.fields, ":authority") || has_field(what.fields, ":scheme");
    if (!has_pseudo) all.insert(all.end(), {{":scheme", "https"}, {":authority", "a.example"}});
    all.insert(all.begin() + 1, {":path", what.start.substr(space + 1)});
    for (const auto& [name, value] : what.fields)
      if (lower(name) != "host") all.emplace_back(lower(name), value);
    auto& out = outgoing_.emplace_back(std::make_unique<Outgoing>());
    const auto provider = start(*out, what, all);
    const auto nv = block(all);
    const auto stream =
        nghttp2_submit_request(session(), nullptr, nv.data(), nv.size(), what.body ? &provider : nullptr, nullptr);
    out->stream = stream;
    got_.push_back({.stream = stream});
    return got_.size() - 1;
  }
  void respond(std::size_t i, const Say& what) override {
    if (i >= got_.size() || got_[i].reset) return;
    FieldList all{{":status", what.start}};
    for (const auto& [name, value] : what.fields) all.emplace_back(lower(name), value);
    const auto stream = got_[i].stream;
    if (what.start.starts_with("1")) {
      const auto nv = block(all);
      nghttp2_submit_headers(session(), 0, stream, nullptr, nv.data(), nv.size(), nullptr);
      return;
    }
    auto& out = outgoing_.emplace_back(std::make_unique<Outgoing>());
    const auto provider = start(*out, what, all);
    const auto nv = block(all);
    out->stream = stream;
    nghttp2_submit_response(session(), stream, nv.data(), nv.size(), what.body ? &provider : nullptr);
  }
  void body(std::size_t i, std::string_view bytes) override {
    if (auto* out = outgoing(i)) {
      out->body += bytes;
      nghttp2_session_resume_data(session(), out->stream);
    }
  }
  void end(std::size_t i, const FieldList& trailers = {}) override {
    if (auto* out = outgoing(i)) {
      out->ends = true;
      out->trailers = trailers;
      nghttp2_session_resume_data(session(), out->stream);
    }
  }
  void reset(std::size_t i, std::uint32_t code) override {
    if (i < got_.size()) nghttp2_submit_rst_stream(session(), 0, got_[i].stream, code);
  }
  void go_away(std::uint32_t code = 0) override {
    nghttp2_submit_goaway(session(), 0, nghttp2_session_get_last_proc_stream_id(session()), code, nullptr, 0);
  }
  // Of its body, what could not be sent yet.
  std::size_t unsent(std::size_t i) {
    const auto* out = outgoing(i);
    return out == nullptr ? 0 : out->body.size();
  }
  void take(std::size_t i, std::size_t size) { nghttp2_session_consume(session(), got_[i].stream, size); }

  std::string output() override {
    const std::uint8_t* bytes = nullptr;
    std::string all;
    for (;;) {
      const auto size = nghttp2_session_mem_send(session(), &bytes);
      if (size <= 0) break;
      all.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return all + Peer::output();
  }
  void input(std::string_view bytes) override {
    received_ += bytes;
    const auto taken =
        nghttp2_session_mem_recv(session(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0) error = nghttp2_strerror(static_cast<int>(taken));
  }
  nghttp2_session* session() { return session_.get(); }
  std::optional<std::uint32_t> goaway;
  std::string error;  // weir sent what is no HTTP/2

 private:
  struct Outgoing {
    std::int32_t stream = 0;
    std::string body;
    bool ends = false;
    FieldList trailers;
  };
  struct Free {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  static H2Peer& self(void* user) { return *static_cast<H2Peer*>(user); }
  static std::vector<nghttp2_nv> block(const FieldList& fields) {
    std::vector<nghttp2_nv> nv;
    for (const auto& [name, value] : fields)
      nv.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                    reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), 0});
    return nv;
  }
  static nghttp2_data_provider start(Outgoing& out, const Say& what, FieldList& head) {
    if (what.body && what.sized)
      head.emplace_back("content-length", std::to_string(what.length > 0 ? what.length : what.body->size()));
    out.body = what.body.value_or("");
    out.ends = what.ends;
    out.trailers = what.trailers;
    nghttp2_data_provider provider{};
    provider.source.ptr = &out;
    provider.read_callback = on_read;
    return provider;
  }
  Outgoing* outgoing(std::size_t i) {
    if (i >= got_.size()) return nullptr;
    for (auto& out : outgoing_)
      if (out->stream == got_[i].stream) return out.get();
    return nullptr;
  }
  Got* find(std::int32_t stream) {
    for (auto& got : got_)
      if (got.stream == stream) return &got;
    return nullptr;
  }

  static ssize_t on_read(nghttp2_session* session, std::int32_t stream, std::uint8_t* into, std::size_t room,
                         std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& out = *static_cast<Outgoing*>(source->ptr);
    const auto size = std::min(room, out.body.size());
    out.body.copy(reinterpret_cast<char*>(into), size);
    out.body.erase(0, size);
    if (!out.body.empty()) return static_cast<ssize_t>(size);
    if (!out.ends && size == 0) return NGHTTP2_ERR_DEFERRED;
    if (!out.ends) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!out.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto nv = block(out.trailers);
      nghttp2_submit_trailer(session, stream, nv.data(), nv.size());
    }
    return static_cast<ssize_t>(size);
  }
  static int on_begin(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& it = self(user);
    if (it.find(frame->hd.stream_id) == nullptr) it.got_.push_back({.stream = frame->hd.stream_id});
    it.block_.clear();
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    self(user).block_.emplace_back(std::string(reinterpret_cast<const char*>(name), name_size),
                                   std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& it = self(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) it.goaway = frame->goaway.error_code;
    auto* got = it.find(frame->hd.stream_id);
    if (got == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) it.note_head(*got);
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) got->whole = true;
    return 0;
  }
  void note_head(Got& got) {
    std::map<std::string, std::string> pseudo;
    std::string fields;
    for (const auto& [name, value] : block_) {
      if (name.starts_with(':'))
        pseudo[name] = value;
      else if (is_compared(name))
        fields += name + ": " + value + "\n";
    }
    const auto start =
        role_ == Role::client ? pseudo[":status"] : pseudo[":method"] + " " + pseudo[":authority"] + pseudo[":path"];
    if (!got.head.empty()) {
      got.trailers = fields;
    } else if (role_ == Role::client && start.starts_with('1')) {
      got.informational.push_back(start + "\n" + fields);
    } else {
      got.head = start + "\n" + fields;
      schemes.push_back(pseudo[":scheme"]);
    }
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes, std::size_t size,
                     void* user) {
    if (auto* got = self(user).find(stream)) got->body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* user) {
    auto* got = self(user).find(stream);
    if (got != nullptr && (code != 0 || !got->whole)) got->reset = code;
    return 0;
  }

  Role role_;
  std::unique_ptr<nghttp2_session, Free> session_;
  std::vector<std::unique_ptr<Outgoing>> outgoing_;
  FieldList block_;

 public:
  std::vector<std::string> schemes;
};

}  // namespace weir::test
