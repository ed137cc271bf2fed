// How many flows of one client may be at their first bytes or in a handshake at once, on one worker: so that a client
// that leaves them half open by the thousand takes no more than its share of descriptors and memory.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "policy/address.hpp"

namespace weir::session {

class HandshakeLimit {
 public:
  class Place {
   public:
    Place(HandshakeLimit& limit, const policy::Address& client) : limit_(&limit), client_(client) {}
    Place(Place&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)), client_(other.client_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (limit_ != nullptr) limit_->give_back(client_);
    }

   private:
    HandshakeLimit* limit_;
    policy::Address client_;
  };

  explicit HandshakeLimit(std::size_t most = 512) : most_(most) {}

  // Nothing where the client has as many as it may have. A place does not outlive the limit.
  std::optional<Place> take(const policy::Address& client) {
    auto& count = by_client_[client];
    if (count >= most_) return std::nullopt;
    ++count;
    return std::make_optional<Place>(*this, client);
  }
  std::size_t clients() const { return by_client_.size(); }

 private:
  void give_back(const policy::Address& client) {
    const auto found = by_client_.find(client);
    if (found != by_client_.end() && --found->second == 0) by_client_.erase(found);
  }

  std::size_t most_;
  std::map<policy::Address, std::size_t> by_client_;  // only those with any
};

}  // namespace weir::session
