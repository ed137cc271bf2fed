#include "proxy/flow/once_in_a_while.hpp"

namespace weir::flow {

bool OnceInAWhile::is_due(const std::string& key, Time now) {
  const auto found = told_.find(key);
  if (found != told_.end() && now - found->second < again_) return false;
  if (told_.size() >= most_) std::erase_if(told_, [&](const auto& one) { return now - one.second >= again_; });
  if (told_.size() >= most_) told_.clear();
  told_[key] = now;
  return true;
}

}  // namespace weir::flow
