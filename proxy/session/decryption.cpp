#include "proxy/session/decryption.hpp"

#include "conf/closed_file.hpp"

namespace weir::session {
namespace {

// What is made once, or the sentence why it cannot be.
template <typename T, typename Into>
std::string take(boost::system::result<T, std::string> made, Into& into) {
  if (!made) return std::move(made).error();
  into = std::move(*made);
  return {};
}

std::string load_authority(const conf::TlsSettings& tls, Decryption& decryption) {
  auto authority = pki::Authority::load(tls.ca_certificate, tls.ca_key);
  if (!authority) {
    auto remedy = conf::remedy_where_closed(tls.ca_certificate, conf::Use::read);
    if (remedy.empty()) remedy = conf::remedy_where_closed(tls.ca_key, conf::Use::read);
    return authority.error() + remedy;
  }
  decryption.authority = std::make_shared<const pki::Authority>(std::move(*authority));
  return take(pki::LeafMaker::make(decryption.authority), decryption.maker);
}

std::string load_trust(const conf::TlsSettings& tls, Decryption& decryption) {
  auto trust = pki::Trust::load(tls.upstream_trust);
  if (!trust)
    return "tls.upstream_trust: " + trust.error() + conf::remedy_where_closed(tls.upstream_trust, conf::Use::read);
  decryption.trust = std::make_shared<const pki::Trust>(std::move(*trust));
  return {};
}

std::string make_untrusted(Decryption& decryption) {
  auto authority = pki::make_untrusted_authority();
  if (!authority) return authority.error();
  return take(pki::LeafMaker::make(std::make_shared<const pki::Authority>(std::move(*authority))),
              decryption.untrusted_maker);
}

std::string open_key_log(const conf::TlsSettings& tls, Decryption& decryption) {
  if (tls.key_log.empty()) return {};
  auto error = take(tls::KeyLog::open(tls.key_log), decryption.key_log);
  if (!error.empty()) error += conf::remedy_where_closed(tls.key_log, conf::Use::append);
  return error;
}

}  // namespace

boost::system::result<std::shared_ptr<Decryption>, std::string> Decryption::prepare(const conf::TlsSettings& tls) {
  auto decryption = std::make_shared<Decryption>();
  if (tls.minimum_version == conf::TlsVersion::tls13) decryption->minimum_version = TLS1_3_VERSION;
  if (auto error = load_authority(tls, *decryption); !error.empty()) return error;
  if (auto error = load_trust(tls, *decryption); !error.empty()) return error;
  if (auto error = make_untrusted(*decryption); !error.empty()) return error;
  if (auto error = open_key_log(tls, *decryption); !error.empty()) return error;
  return decryption;
}

}  // namespace weir::session
