// Of an H2Side: nghttp2's session, how it is set up and what it calls.
#include <new>
#include <utility>

#include "proxy/http/h2_side.hpp"

namespace weir::http {
namespace {

constexpr std::uint32_t kTable = 4096;  // HPACK's (RFC 7541, 4.2), of both directions
// What HTTP/1 takes as a head, and what was added to it, goes out: nghttp2's own limit is below that.
constexpr std::size_t kLargestHead = 256 * 1024;

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

struct OptionFree {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
struct CallbacksFree {
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
};

template <typename T, typename Free>
std::unique_ptr<T, Free> made(int (*make)(T**)) {
  T* object = nullptr;
  if (make(&object) != 0) throw std::bad_alloc();
  return std::unique_ptr<T, Free>(object);
}

}  // namespace

struct H2Side::Callbacks {
  static H2Side& side(void* user) { return *static_cast<H2Side*>(user); }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& self = side(user);
    self.list_size_ = 0;
    self.trailers_.clear();
    auto* transaction = self.transaction(frame->hd.stream_id);
    if (transaction == nullptr) {
      transaction = self.begin_head(frame->hd.stream_id);
      nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, transaction);
    }
    self.is_trailers_ = transaction != nullptr && !self.expects_head(*transaction);
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    return side(user).on_header(frame->hd.stream_id, text(name, name_size), text(value, value_size));
  }
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& self = side(user);
    self.on_frame(*frame);
    return self.overdrawn_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }
  // Else nghttp2 would leave the field out, and the other side see another message.
  static int invalid_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf*, nghttp2_rcbuf*, std::uint8_t,
                            void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int data_chunk(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                        std::size_t size, void* user) {
    auto& self = side(user);
    nghttp2_session_consume_connection(self.session(), size);
    if (auto* transaction = self.transaction(stream)) self.on_data(*transaction, {bytes, size});
    return 0;
  }
  static int stream_closed(nghttp2_session* session, std::int32_t stream, std::uint32_t code, void* user) {
    auto& self = side(user);
    auto* transaction = self.transaction(stream);
    if (transaction == nullptr) return 0;
    nghttp2_session_set_stream_user_data(session, stream, nullptr);
    self.closed(*transaction, static_cast<ErrorCode>(code));
    return 0;
  }
  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    side(user).on_sent(*frame);
    return 0;
  }
  static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
    side(user).on_not_sent(*frame, error);
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, std::int32_t stream, std::uint8_t* into, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source*, void* user) {
    auto* transaction = side(user).transaction(stream);
    if (transaction == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // it is no longer
    return side(user).read_body(*transaction, {into, room}, *flags);
  }
};

H2Side::H2Side(Role role, Transactions& transactions, Events& events, const H2Limits& limits)
    : transactions_(transactions),
      events_(events),
      limits_(limits),
      role_(role),
      walk_(role == Role::server ? NGHTTP2_CLIENT_MAGIC_LEN : 0) {
  const auto callbacks = made<nghttp2_session_callbacks, CallbacksFree>(nghttp2_session_callbacks_new);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks.get(), Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks.get(), Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks.get(), Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks.get(), Callbacks::invalid_header);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks.get(), Callbacks::frame_not_sent);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks.get(), Callbacks::data_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks.get(), Callbacks::stream_closed);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks.get(), Callbacks::frame_sent);
  const auto option = made<nghttp2_option, OptionFree>(nghttp2_option_new);
  nghttp2_option_set_no_auto_window_update(option.get(), 1);
  nghttp2_option_set_no_closed_streams(option.get(), 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(option.get(), kTable);
  nghttp2_option_set_max_send_header_block_length(option.get(), kLargestHead);
  // Spaces around a value are harmless, and some origins send them; they are taken off.
  nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option.get(), 1);
  nghttp2_session* session = nullptr;
  const auto open = role == Role::server ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  if (open(&session, callbacks.get(), this, option.get()) != 0) throw std::bad_alloc();
  session_.reset(session);
}

// nghttp2 copies what it is given, names in lower case, and does not write through these pointers.
void H2Side::Block::add(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view some) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(some.data()));
  };
  entries_.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
}

void H2Side::Block::add(const Fields& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) add(fields[i].name, fields[i].value);
}

void H2Side::submit_settings(std::span<const nghttp2_settings_entry> entries) {
  nghttp2_submit_settings(session(), NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  nghttp2_session_set_local_window_size(session(), NGHTTP2_FLAG_NONE, 0, limits_.connection_window);
}

nghttp2_data_provider H2Side::provider() {
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_body;
  return provider;
}

}  // namespace weir::http
