// Leaf certificates: made to match an origin's, signed by weir's authority.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pki/authority.hpp"
#include "pki/names.hpp"

namespace weir::pki {

enum class KeyKind : std::uint8_t { ecdsa, rsa };

// A certificate, its key and what is sent behind it. Immutable, and shared by threads.
struct Leaf {
  Certificate certificate;
  Key key;
  std::vector<Certificate> chain;
};
using LeafPointer = std::shared_ptr<const Leaf>;

enum class Validity : std::uint8_t {
  limited,  // valid now: from an hour ago, for at most 90 days in all, never beyond the origin's or the authority's end
  mirrored,  // the origin's own dates, though they may be over: the client is to see that
};

struct LeafRequest {
  Names names;
  std::string common_name;  // of the origin; left out where it is no plain text of at most 64 bytes, or no DNS name is
                            // there: older clients would take it for one
  std::chrono::system_clock::time_point not_before;  // the origin's
  std::chrono::system_clock::time_point not_after;
  Validity validity = Validity::limited;
  KeyKind key = KeyKind::ecdsa;
};
LeafRequest request_from(const X509& origin, KeyKind);

// Makes leaves. All leaves of one kind share one key pair, made at start (ECDSA) or when first asked for (RSA), and
// never written anywhere. Threads may share it.
class LeafMaker {
 public:
  static Result<std::unique_ptr<LeafMaker>> make(std::shared_ptr<const Authority>);
  LeafMaker(std::shared_ptr<const Authority> authority, Key ecdsa)
      : authority_(std::move(authority)), ecdsa_(std::move(ecdsa)) {}

  // An error where nothing may be put into it: no names, or a validity that is over before it began.
  Result<LeafPointer> make_leaf(const LeafRequest&, std::chrono::system_clock::time_point now) const;

 private:
  Result<Key> key_of(KeyKind) const;

  std::shared_ptr<const Authority> authority_;
  Key ecdsa_;
  mutable std::mutex rsa_mutex_;
  mutable Key rsa_;
};

}  // namespace weir::pki
