#include "proxy/flow/end.hpp"

namespace weir::flow {

const char* name(Stage stage) {
  switch (stage) {
    case Stage::accept: return "accept";
    case Stage::classify: return "classify";
    case Stage::connect: return "connect";
    case Stage::handshake: return "handshake";
    case Stage::relay: return "relay";
  }
  return "unknown";
}

const char* name(Side side) {
  switch (side) {
    case Side::client: return "client";
    case Side::upstream: return "upstream";
    case Side::weir: return "weir";
  }
  return "unknown";
}

const char* name(Code code) {
  switch (code) {
    case Code::finished: return "finished";
    case Code::reset: return "reset";
    case Code::refused: return "refused";
    case Code::unreachable: return "unreachable";
    case Code::timeout: return "timeout";
    case Code::idle: return "idle";
    case Code::drained: return "drained";
    case Code::limit: return "limit";
    case Code::blocked: return "blocked";
    case Code::denied: return "denied";
    case Code::flood: return "flood";
    case Code::malformed: return "malformed";
    case Code::untrusted: return "untrusted";
    case Code::rejected: return "rejected";
    case Code::undecryptable: return "undecryptable";
    case Code::tls: return "tls";
    case Code::not_intercepted: return "not_intercepted";
    case Code::lost: return "lost";
    case Code::failed: return "failed";
  }
  return "unknown";
}

Code code_of(const std::error_code& error) {
  if (error && error.category() != std::system_category() && error.category() != std::generic_category())
    return Code::tls;
  if (error == std::errc::connection_reset || error == std::errc::broken_pipe || error == std::errc::connection_aborted)
    return Code::reset;
  if (error == std::errc::connection_refused) return Code::refused;
  if (error == std::errc::host_unreachable || error == std::errc::network_unreachable ||
      error == std::errc::network_down || error == std::errc::permission_denied ||
      error == std::errc::operation_not_permitted || error == std::errc::no_protocol_option)
    return Code::unreachable;
  if (error == std::errc::timed_out) return Code::lost;
  if (error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system ||
      error == std::errc::no_buffer_space || error == std::errc::not_enough_memory)
    return Code::limit;
  return Code::failed;
}

}  // namespace weir::flow
