#include "proxy/http/fault.hpp"

namespace weir::http {

const char* name(Fault fault) {
  switch (fault) {
    case Fault::none: break;
    case Fault::line_ending: return "line_ending";
    case Fault::character: return "character";
    case Fault::start_line: return "start_line";
    case Fault::version: return "version";
    case Fault::field_name: return "field_name";
    case Fault::folding: return "folding";
    case Fault::length: return "length";
    case Fault::two_lengths: return "two_lengths";
    case Fault::transfer_encoding: return "transfer_encoding";
    case Fault::connection: return "connection";
    case Fault::host: return "host";
    case Fault::host_mismatch: return "host_mismatch";
    case Fault::target: return "target";
    case Fault::chunk: return "chunk";
    case Fault::trailer: return "trailer";
    case Fault::truncated: return "truncated";
    case Fault::upgrade: return "upgrade";
    case Fault::informational: return "informational";
    case Fault::head_too_large: return "head_too_large";
    case Fault::too_many_fields: return "too_many_fields";
    case Fault::extension_too_large: return "extension_too_large";
    case Fault::timeout: return "timeout";
    case Fault::connect: return "connect";
  }
  return "none";
}

const char* sentence(Fault fault) {
  switch (fault) {
    case Fault::none: break;
    case Fault::line_ending: return "A line does not end with CR and LF.";
    case Fault::character: return "It has a control character.";
    case Fault::start_line: return "Its first line is malformed.";
    case Fault::version: return "Its version is neither HTTP/1.0 nor HTTP/1.1.";
    case Fault::field_name: return "A header field has no valid name.";
    case Fault::folding: return "A header field goes over several lines.";
    case Fault::length: return "Its Content-Length is not one number.";
    case Fault::two_lengths: return "Its length is given more than once.";
    case Fault::transfer_encoding: return "Its Transfer-Encoding is not chunked.";
    case Fault::connection: return "Its Connection field is malformed.";
    case Fault::host: return "It does not have exactly one valid Host field.";
    case Fault::host_mismatch: return "Its Host field and its target name different hosts.";
    case Fault::target: return "Its target is malformed.";
    case Fault::chunk: return "A chunk of its body is malformed.";
    case Fault::trailer: return "A field that belongs before the body comes after it.";
    case Fault::truncated: return "The connection ended before it was whole.";
    case Fault::upgrade: return "It changes the protocol, and nobody asked for that.";
    case Fault::informational: return "Too many informational responses came before it.";
    case Fault::head_too_large: return "Its header fields are too large.";
    case Fault::too_many_fields: return "It has too many header fields.";
    case Fault::extension_too_large: return "Its chunk extensions are too large.";
    case Fault::timeout: return "It did not come in time.";
    case Fault::connect: return "CONNECT is not served here.";
  }
  return "";
}

unsigned status_of(Fault fault) {
  switch (fault) {
    case Fault::version: return 505;
    case Fault::head_too_large:
    case Fault::too_many_fields:
    case Fault::extension_too_large: return 431;
    case Fault::timeout: return 408;
    case Fault::connect: return 405;
    case Fault::upgrade:
    case Fault::informational: return 502;
    default: return 400;
  }
}

}  // namespace weir::http
