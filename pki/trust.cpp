#include "pki/trust.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/asked_name.hpp"
#include "pki/faults.hpp"
#include "pki/field_checks.hpp"
#include "pki/findings.hpp"

namespace weir::pki {
namespace {

using Context = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;

constexpr int kMostIntermediates = 8;
constexpr int kAuthLevel = 2;  // 112 bits: RSA of 2048, no SHA-1

// OpenSSL goes on behind each error, since it is told to: a leaf that mirrors one fault must not hide another.
int record(int good, X509_STORE_CTX* context) {
  if (good == 1) return 1;
  auto& findings = *static_cast<Findings*>(X509_STORE_CTX_get_app_data(context));
  const int error = X509_STORE_CTX_get_error(context);
  const int depth = X509_STORE_CTX_get_error_depth(context);
  auto* certificate = X509_STORE_CTX_get_current_cert(context);
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(context);
  findings.add(fault_of(error, depth, certificate), X509_verify_cert_error_string(error), depth, certificate);
  return 1;
}

// Without X509_V_FLAG_X509_STRICT: it wants key identifiers, a key usage in every CA and critical basic constraints,
// which roots in use from before RFC 5280 lack. What of it protects is in field_checks.
void demand(X509_VERIFY_PARAM* parameters, std::time_t now) {
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_trust(parameters, X509_TRUST_SSL_SERVER);
  X509_VERIFY_PARAM_set_auth_level(parameters, kAuthLevel);
  X509_VERIFY_PARAM_set_depth(parameters, kMostIntermediates);
  X509_VERIFY_PARAM_set_time(parameters, now);
  // RFC 9525, 6.3: a whole leftmost label may be a wildcard, and the common name is no name. OpenSSL never takes a
  // wildcard right under a top-level domain.
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
}

// To OpenSSL, no wildcard stands for or before a label with an underscore. To browsers it does, and such hosts are
// common.
bool needs_own_wildcards(std::string_view host) { return host.find('_') != std::string_view::npos; }

bool demand_name(X509_VERIFY_PARAM* parameters, const X509& leaf, const std::string& name) {
  if (const auto address = address_in(name))
    return X509_VERIFY_PARAM_set1_ip(parameters, address->data(), address->size()) == 1;
  const auto host = host_in(name);
  if (!host) return false;
  if (needs_own_wildcards(*host) && has_wildcard_for(leaf, *host)) return true;
  return X509_VERIFY_PARAM_set1_host(parameters, host->data(), host->size()) == 1;
}

// Trust anchors are whatever the operator chose: many public roots have a serial of zero, some are of version 1.
void check_what_was_sent(Findings& findings, X509_STORE_CTX* context) {
  const auto* chain = X509_STORE_CTX_get0_chain(context);
  const int sent = std::min(X509_STORE_CTX_get_num_untrusted(context), sk_X509_num(chain));
  for (int i = 0; i < sent; ++i) check_fields(findings, i, sk_X509_value(chain, i));
  if (sent > 0) check_leaf(findings, sk_X509_value(chain, 0));
}

void judge(Findings& findings, X509_STORE_CTX* context, const std::optional<std::string>& name, std::time_t now) {
  auto* parameters = X509_STORE_CTX_get0_param(context);
  auto* leaf = X509_STORE_CTX_get0_cert(context);
  demand(parameters, now);
  if (name && !demand_name(parameters, *leaf, *name)) findings.add(Fault::wrong_name, "no name", 0, leaf);
  check_readable(findings, leaf);
  X509_STORE_CTX_set_app_data(context, &findings);
  X509_STORE_CTX_set_verify_cb(context, record);
  // It fails only where it could not go on, so what it has found is not all.
  if (X509_verify_cert(context) <= 0) findings.add(Fault::other, "verification broke off", 0, leaf);
  check_what_was_sent(findings, context);
}

Result<Store> system_store() {
  Store store(X509_STORE_new());
  if (store == nullptr || X509_STORE_set_default_paths(store.get()) != 1)
    return "the system's trusted certificates: " + error_text("cannot be loaded");
  return store;
}

bool has_certificate(X509_STORE* store) {
  const auto* objects = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i)
    if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_X509) return true;
  return false;
}

Result<Store> store_of(const std::string& file) {
  if (access(file.c_str(), R_OK) != 0)
    return file + ": cannot be read: " + std::generic_category().message(errno) + "; it is to be a PEM file";
  Store store(X509_STORE_new());
  if (store == nullptr || X509_STORE_load_file(store.get(), file.c_str()) != 1)
    return file + ": no PEM file of certificates: " + error_text("it cannot be read");
  if (!has_certificate(store.get())) return file + ": has no certificate; it is to be a PEM file with at least one";
  return store;
}

}  // namespace

Result<Trust> Trust::load(const std::string& where) {
  auto store = where == "system" ? system_store() : store_of(where);
  if (!store) return store.error();
  return Trust(std::move(*store));
}

Verdict Trust::verify(X509* leaf, STACK_OF(X509) * chain, const std::optional<std::string>& name,
                      std::time_t now) const {
  Findings findings;
  if (leaf == nullptr) {
    findings.add(Fault::no_certificate, "no certificate was sent", 0, nullptr);
    return findings.verdict(name);
  }
  ERR_set_mark();  // what OpenSSL queues on the way is no error of the caller's
  const Context context(X509_STORE_CTX_new());
  if (context != nullptr && X509_STORE_CTX_init(context.get(), store_.get(), leaf, chain) == 1)
    judge(findings, context.get(), name, now);
  else
    findings.add(Fault::other, "verification cannot begin", 0, leaf);
  ERR_pop_to_mark();
  return findings.verdict(name);
}

}  // namespace weir::pki
