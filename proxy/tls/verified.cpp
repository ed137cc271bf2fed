#include "proxy/tls/verified.hpp"

#include <cstring>

#include <openssl/sha.h>

#include "pki/openssl.hpp"

namespace weir::tls {

Verified::Key Verified::key_of(const X509& leaf, const std::optional<std::string>& name) {
  auto bytes = pki::der_of(leaf);
  if (name) {
    bytes.push_back(0);
    bytes.insert(bytes.end(), name->begin(), name->end());
  }
  Key key{};
  SHA256(bytes.data(), bytes.size(), key.data());
  return key;
}

bool Verified::contains(const Key& key, std::time_t now) const {
  const auto found = since_.find(key);
  return found != since_.end() && now >= found->second && now - found->second < kJudgedAnewAfter;
}

void Verified::add(const Key& key, std::time_t now) {
  if (since_.size() >= most_) since_.clear();
  since_[key] = now;
}

std::size_t Verified::Hash::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

}  // namespace weir::tls
