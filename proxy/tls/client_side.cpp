#include "proxy/tls/client_side.hpp"

#include <algorithm>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace weir::tls {
namespace {

// What a client may have sent of 0-RTT data for somebody else's ticket is passed over (RFC 8446, 4.2.10); never read.
constexpr unsigned kPassedOver = 64 * 1024;

int ticket_keys_index() {
  static const int kIndex = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

// The protocol that the origin chose, which the client has offered. (RFC 7301)
int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned, void*) {
  const auto& wanted = static_cast<const ClientConnection*>(Connection::of(ssl))->serves_as().alpn;
  if (wanted.empty()) return SSL_TLSEXT_ERR_NOACK;
  *chosen = reinterpret_cast<const unsigned char*>(wanted.data());
  *size = static_cast<unsigned char>(wanted.size());
  return SSL_TLSEXT_ERR_OK;
}

// The name is acknowledged (RFC 6066, 3).
int take_server_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

bool set_mac(EVP_MAC_CTX* mac, TicketKeys::Key& key) {
  std::array<char, 7> digest{"SHA256"};
  const std::array parameters{OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
                              OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                              OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

enum Ticket : int { kTicketFailed = -1, kNoTicket = 0, kTicketTaken = 1, kTicketToRenew = 2 };

int seal_ticket(TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  auto key = keys.current(std::chrono::steady_clock::now());
  if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return kNoTicket;
  std::ranges::copy(key->name, name);
  const bool set = EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher.data(), iv, nullptr) == 1;
  return set && set_mac(mac, *key) ? kTicketTaken : kTicketFailed;
}

int open_ticket(TicketKeys& keys, const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                EVP_MAC_CTX* mac) {
  auto found = keys.find(std::span<const unsigned char, 16>(name, 16), std::chrono::steady_clock::now());
  if (!found) return kNoTicket;
  const bool set = EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), found->key.cipher.data(), iv, nullptr) == 1;
  if (!set || !set_mac(mac, found->key)) return kTicketFailed;
  return found->is_current ? kTicketTaken : kTicketToRenew;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int seals) {
  auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ticket_keys_index()));
  return seals != 0 ? seal_ticket(keys, name, iv, cipher, mac) : open_ticket(keys, name, iv, cipher, mac);
}

STACK_OF(X509) * stack_of(const std::vector<pki::Certificate>& certificates) {
  auto* stack = sk_X509_new_null();
  for (const auto& certificate : certificates) sk_X509_push(stack, certificate.get());
  return stack;
}

// A chain by reference: the connection counts its own.
bool use_leaf(SSL* ssl, const pki::Leaf& leaf) {
  struct Free {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  };
  const std::unique_ptr<STACK_OF(X509), Free> chain(stack_of(leaf.chain));
  return SSL_use_cert_and_key(ssl, leaf.certificate.get(), leaf.key.get(), chain.get(), 1) == 1;
}

}  // namespace

ClientConnection::ClientConnection(SSL_CTX* context, net::Watch& watch, std::span<const std::uint8_t> first, ServeAs as)
    : Connection(context, watch, first), as_(std::move(as)) {}

ClientSide::ClientSide(int minimum_version, TicketKeys& keys, const KeyLog* key_log)
    : context_(make_context(TLS_server_method(), minimum_version, key_log)) {
  auto* context = context_.get();
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // TLS 1.2 with forward secrecy only; those of TLS 1.3 are OpenSSL's own.
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets hold them
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_timeout(context, std::chrono::seconds(TicketKeys::kLifetime).count());
  SSL_CTX_set_recv_max_early_data(context, kPassedOver);
  SSL_CTX_set_ex_data(context, ticket_keys_index(), &keys);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
  SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context, take_server_name);
}

std::unique_ptr<ClientConnection> ClientSide::open(net::Watch& watch, std::span<const std::uint8_t> first, ServeAs as) {
  auto connection = std::make_unique<ClientConnection>(context_.get(), watch, first, std::move(as));
  auto* ssl = connection->ssl();
  const auto& serves = connection->serves_as();
  ERR_clear_error();
  if (!use_leaf(ssl, *serves.leaf)) return nullptr;
  if (SSL_set_session_id_context(ssl, serves.identity.data(), static_cast<unsigned>(serves.identity.size())) != 1)
    return nullptr;
  if (!serves.resumable) {
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
  }
  SSL_set_accept_state(ssl);
  return connection;
}

}  // namespace weir::tls
