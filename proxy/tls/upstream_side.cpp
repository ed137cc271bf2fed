#include "proxy/tls/upstream_side.hpp"

#include <ctime>

#include <openssl/err.h>

namespace weir::tls {
namespace {

UpstreamConnection& connection_of(const SSL* ssl) { return *static_cast<UpstreamConnection*>(Connection::of(ssl)); }

}  // namespace

UpstreamConnection::UpstreamConnection(SSL_CTX* context, net::Watch& watch, UpstreamSide& side, DialAs as)
    : Connection(context, watch, {}), side_(side), as_(std::move(as)) {}

UpstreamSide::UpstreamSide(int minimum_version, std::shared_ptr<const pki::Trust> trust, const KeyLog* key_log)
    : trust_(std::move(trust)), context_(make_context(TLS_client_method(), minimum_version, key_log)) {
  auto* context = context_.get();
  // The handshake is not ended by a verdict, as the client may be owed an answer; `judge` is called all the same.
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_verify_callback(context, judge, this);
  SSL_CTX_set_client_cert_cb(context, note_certificate_request);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
}

std::unique_ptr<UpstreamConnection> UpstreamSide::open(net::Watch& watch, DialAs as) {
  auto connection = std::make_unique<UpstreamConnection>(context_.get(), watch, *this, std::move(as));
  auto* ssl = connection->ssl();
  const auto& wanted = connection->as_;
  ERR_clear_error();
  if (wanted.server_name) SSL_set_tlsext_host_name(ssl, wanted.server_name->c_str());
  if (!wanted.alpn.empty())
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(wanted.alpn.data()),
                        static_cast<unsigned>(wanted.alpn.size()));
  if (const auto session = sessions_.take(wanted.origin)) SSL_set_session(ssl, session.get());
  SSL_set_connect_state(ssl);
  return connection;
}

pki::Verdict UpstreamSide::verdict(X509_STORE_CTX* store, const std::optional<std::string>& name) {
  auto* leaf = X509_STORE_CTX_get0_cert(store);
  const auto now = std::time(nullptr);
  const auto key = leaf != nullptr ? Verified::key_of(*leaf, name) : Verified::Key{};
  if (leaf != nullptr && verified_.contains(key, now)) return {};
  auto verdict = trust_->verify(leaf, X509_STORE_CTX_get0_untrusted(store), name, now);
  if (verdict.trusted()) verified_.add(key, now);
  return verdict;
}

// In place of X509_verify_cert: every fault is noted, none ends the handshake.
int UpstreamSide::judge(X509_STORE_CTX* store, void* side) {
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& connection = connection_of(ssl);
  connection.verdict_ = static_cast<UpstreamSide*>(side)->verdict(store, connection.as_.judged_by);
  X509_STORE_CTX_set_error(store, connection.verdict_.trusted() ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  return 1;
}

int UpstreamSide::note_certificate_request(SSL* ssl, X509**, EVP_PKEY**) {
  connection_of(ssl).wants_certificate_ = true;
  return -1;  // the handshake waits
}

int UpstreamSide::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto& connection = connection_of(ssl);
  if (!connection.verdict_.trusted() || connection.wants_certificate_) return 0;
  connection.side_.sessions_.keep(connection.as_.origin, Resumable(session));
  return 1;
}

}  // namespace weir::tls
