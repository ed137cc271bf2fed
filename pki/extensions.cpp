#include "pki/extensions.hpp"

#include <array>
#include <string_view>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

namespace weir::pki {
namespace {

template <typename T, auto Free>
using Owned = std::unique_ptr<T, Freeing<Free>>;
using BasicConstraints = Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using BitString = Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OctetString = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using String = Owned<ASN1_STRING, ASN1_STRING_free>;
using Usages = Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using AuthorityKeyId = Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using GeneralName = Owned<GENERAL_NAME, GENERAL_NAME_free>;
using GeneralNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using Subtree = Owned<GENERAL_SUBTREE, GENERAL_SUBTREE_free>;
using NameConstraints = Owned<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>;

constexpr int kCritical = 1;
constexpr int kNotCritical = 0;

bool add(X509& certificate, int what, void* value, int critical) {
  return X509_add1_ext_i2d(&certificate, what, value, critical, X509V3_ADD_DEFAULT) == 1;
}

// RFC 7093, 2, method 1: as RFC 5280's method 1, but of SHA-256.
OctetString key_id(const X509& certificate) {
  constexpr int kSize = 20;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (X509_pubkey_digest(&certificate, EVP_sha256(), digest.data(), nullptr) != 1) return nullptr;
  OctetString id(ASN1_OCTET_STRING_new());
  if (!id || ASN1_OCTET_STRING_set(id.get(), digest.data(), kSize) != 1) return nullptr;
  return id;
}

// `type`: GEN_DNS or GEN_IPADD.
GeneralName general_name(int type, std::string_view bytes) {
  GeneralName name(GENERAL_NAME_new());
  String value(ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING));
  if (!name || !value || ASN1_STRING_set(value.get(), bytes.data(), static_cast<int>(bytes.size())) != 1)
    return nullptr;
  GENERAL_NAME_set0_value(name.get(), type, value.release());
  return name;
}

bool append(GENERAL_NAMES& list, GeneralName name) {
  if (!name || sk_GENERAL_NAME_push(&list, name.get()) <= 0) return false;
  static_cast<void>(name.release());  // the list's now
  return true;
}

bool append(STACK_OF(GENERAL_SUBTREE) * &list, GeneralName base) {
  if (list == nullptr) list = sk_GENERAL_SUBTREE_new_null();
  Subtree subtree(GENERAL_SUBTREE_new());
  if (list == nullptr || !subtree || !base) return false;
  GENERAL_NAME_free(subtree->base);
  subtree->base = base.release();
  if (sk_GENERAL_SUBTREE_push(list, subtree.get()) <= 0) return false;
  static_cast<void>(subtree.release());
  return true;
}

}  // namespace

bool add_authority_constraints(X509& certificate) {
  const BasicConstraints constraints(BASIC_CONSTRAINTS_new());
  if (!constraints) return false;
  constraints->ca = 0xff;  // DER's TRUE
  constraints->pathlen = ASN1_INTEGER_new();
  return constraints->pathlen != nullptr && ASN1_INTEGER_set(constraints->pathlen, 0) == 1 &&
         add(certificate, NID_basic_constraints, constraints.get(), kCritical);
}

bool add_leaf_constraints(X509& certificate) {
  const BasicConstraints constraints(BASIC_CONSTRAINTS_new());
  return constraints && add(certificate, NID_basic_constraints, constraints.get(), kCritical);
}

bool add_key_usage(X509& certificate, std::initializer_list<KeyUse> uses) {
  const BitString bits(ASN1_BIT_STRING_new());
  if (!bits) return false;
  for (const auto use : uses)
    if (ASN1_BIT_STRING_set_bit(bits.get(), static_cast<int>(use), 1) != 1) return false;
  return add(certificate, NID_key_usage, bits.get(), kCritical);
}

bool add_server_usage(X509& certificate) {
  const Usages usages(sk_ASN1_OBJECT_new_null());
  return usages && sk_ASN1_OBJECT_push(usages.get(), OBJ_nid2obj(NID_server_auth)) > 0 &&
         add(certificate, NID_ext_key_usage, usages.get(), kNotCritical);
}

bool add_subject_key_id(X509& certificate) {
  const auto id = key_id(certificate);
  return id && add(certificate, NID_subject_key_identifier, id.get(), kNotCritical);
}

bool add_authority_key_id(X509& certificate, X509& issuer) {
  const AuthorityKeyId id(AUTHORITY_KEYID_new());
  if (!id) return false;
  const auto* named = X509_get0_subject_key_id(&issuer);
  id->keyid = named != nullptr ? ASN1_OCTET_STRING_dup(named) : key_id(issuer).release();
  return id->keyid != nullptr && add(certificate, NID_authority_key_identifier, id.get(), kNotCritical);
}

bool add_alternative_names(X509& certificate, const Names& names, bool critical) {
  const GeneralNames list(sk_GENERAL_NAME_new_null());
  if (!list) return false;
  for (const auto& name : names.dns)
    if (!append(*list, general_name(GEN_DNS, name))) return false;
  for (const auto& address : names.addresses)
    if (!append(*list, general_name(GEN_IPADD, address))) return false;
  return add(certificate, NID_subject_alt_name, list.get(), critical ? kCritical : kNotCritical);
}

// Domains that are permitted say nothing of addresses (RFC 5280, 4.2.1.10), so all of these are excluded, each family
// by a zero address with a zero mask.
bool add_name_constraints(X509& certificate, const std::vector<std::string>& domains) {
  const NameConstraints constraints(NAME_CONSTRAINTS_new());
  if (!constraints) return false;
  for (const auto& domain : domains)
    if (!append(constraints->permittedSubtrees, general_name(GEN_DNS, domain))) return false;
  for (const std::size_t address_size : {4U, 16U})
    if (!append(constraints->excludedSubtrees, general_name(GEN_IPADD, std::string(2 * address_size, '\0'))))
      return false;
  return add(certificate, NID_name_constraints, constraints.get(), kCritical);
}

}  // namespace weir::pki
