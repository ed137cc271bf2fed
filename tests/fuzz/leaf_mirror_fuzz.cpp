// An origin's certificate, of which the leaf is made that clients meet: bytes that any server can send.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "pki/leaf.hpp"

namespace {

using namespace weir::pki;

void require(bool truth) {
  if (!truth) std::abort();
}

const LeafMaker& maker() {
  static const auto made = *LeafMaker::make(std::make_shared<const Authority>(*make_untrusted_authority()));
  return *made;
}

Certificate parsed(const std::uint8_t* data, std::size_t size) {
  const auto* start = data;
  return Certificate(d2i_X509(nullptr, &start, static_cast<long>(size)));
}

void require_sound(const Names& names, std::size_t size) {
  require(names.dns.size() + names.addresses.size() <= kMostNames);
  // Each takes two bytes besides its own.
  require(2 * (names.dns.size() + names.addresses.size() + names.left_out) <= size + 2);
  require(std::ranges::all_of(names.dns, is_dns_name));
  require(std::ranges::none_of(names.dns, [](const auto& name) {
    return std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
  }));
}

void require_mirrored(const Leaf& leaf, const LeafRequest& request) {
  const auto der = der_of(*leaf.certificate);
  const auto again = parsed(der.data(), der.size());
  require(again && der_of(*again) == der);
  const auto names = names_of(*again);
  require(names.dns == request.names.dns && names.addresses == request.names.addresses && names.left_out == 0);
}

void try_request(const LeafRequest& request, std::chrono::system_clock::time_point now) {
  const auto leaf = maker().make_leaf(request, now);
  if (leaf)
    require_mirrored(**leaf, request);
  else
    require(!leaf.error().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto origin = parsed(data, size);
  if (!origin) return 0;
  auto request = request_from(*origin, KeyKind::ecdsa);
  require_sound(request.names, size);
  try_request(request, std::chrono::system_clock::time_point(std::chrono::seconds(1'790'000'000)));
  request.validity = Validity::mirrored;
  try_request(request, {});
  return 0;
}
