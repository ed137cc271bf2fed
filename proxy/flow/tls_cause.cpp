#include "proxy/flow/tls_cause.hpp"

namespace weir::flow {

const char* name(TlsCause cause) {
  switch (cause) {
    case TlsCause::client_certificate: return "client_certificate";
    case TlsCause::protocol: return "protocol";
    case TlsCause::encrypted_client_hello: return "ech";
    case TlsCause::rejected: return "rejected";
    case TlsCause::closed: return "closed";
    case TlsCause::not_tls: return "not_tls";
  }
  return "";
}

const char* sentence(TlsCause cause) {
  switch (cause) {
    case TlsCause::client_certificate: return "the origin asks for a client certificate";
    case TlsCause::protocol: return "the origin speaks no version of TLS that tls.minimum_version allows";
    case TlsCause::encrypted_client_hello: return "the client insists on its encrypted hello";
    case TlsCause::rejected: return "the client refused weir's certificate with an alert";
    case TlsCause::closed: return "the client closed every connection without a word, while others went on";
    case TlsCause::not_tls: return "it is not TLS";
  }
  return "";
}

}  // namespace weir::flow
