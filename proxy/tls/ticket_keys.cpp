#include "proxy/tls/ticket_keys.hpp"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace weir::tls {
namespace {

bool fill(std::span<std::uint8_t> bytes) { return RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1; }

}  // namespace

std::optional<TicketKeys::Key> TicketKeys::current(Time now) {
  const std::lock_guard lock(mutex_);
  if (!keys_.empty() && now - keys_.front().made < kChange) return keys_.front();
  Key key{.made = now};
  if (!fill(key.name) || !fill(key.cipher) || !fill(key.mac)) return std::nullopt;
  keys_.push_front(key);
  while (now - keys_.back().made >= kChange + kLifetime) {
    OPENSSL_cleanse(&keys_.back(), sizeof(Key));
    keys_.pop_back();
  }
  return key;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const std::uint8_t, 16> name, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(keys_, [&](const Key& key) { return std::ranges::equal(key.name, name); });
  if (found == keys_.end() || now - found->made >= kChange + kLifetime) return std::nullopt;
  return Found{*found, now - found->made < kChange};
}

}  // namespace weir::tls
