// What decrypting takes beside a flow: the authority that signs leaves, whom weir trusts, the leaves made so far. Made
// at start and at each reload, where policy decrypts anything; shared by all workers.
#pragma once

#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "conf/settings.hpp"
#include "pki/leaf.hpp"
#include "pki/leaf_cache.hpp"
#include "pki/trust.hpp"
#include "proxy/tls/client_side.hpp"
#include "proxy/tls/key_log.hpp"
#include "proxy/tls/ticket_keys.hpp"
#include "proxy/tls/upstream_side.hpp"

namespace weir::session {

struct Decryption {
  // Every file that [tls] names is read; an error is a sentence that begins with the key it is about.
  static boost::system::result<std::shared_ptr<Decryption>, std::string> prepare(const conf::TlsSettings&);

  int minimum_version = TLS1_2_VERSION;
  std::shared_ptr<const pki::Authority> authority;
  std::shared_ptr<const pki::Trust> trust;
  std::unique_ptr<const pki::LeafMaker> maker;
  std::unique_ptr<const pki::LeafMaker> untrusted_maker;  // its leaves are to be found fault with
  pki::LeafCache leaves;
  tls::TicketKeys ticket_keys;
  std::shared_ptr<const tls::KeyLog> key_log;  // null: off
};

// The same for one worker.
struct TlsSides {
  explicit TlsSides(std::shared_ptr<Decryption> shared_by_all)
      : shared(std::move(shared_by_all)),
        client(shared->minimum_version, shared->ticket_keys, shared->key_log.get()),
        upstream(shared->minimum_version, shared->trust, shared->key_log.get()) {}

  std::shared_ptr<Decryption> shared;
  tls::ClientSide client;
  tls::UpstreamSide upstream;
};

}  // namespace weir::session
