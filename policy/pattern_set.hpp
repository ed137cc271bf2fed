// Patterns of one condition, matched all at once in linear time (RE2): globs over paths, regular expressions over
// header values. Immutable once built. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace weir::policy {

class PatternSet {
 public:
  // An error is RE2's own word on what is wrong with the pattern.
  using Result = boost::system::result<PatternSet, std::string>;

  // `*` is any bytes, '/' among them, `?` is one; the whole text must match. Case matters.
  static Result globs(const std::vector<std::string>& patterns);
  // RE2 syntax, anywhere in the text unless anchored.
  static Result regexes(const std::vector<std::string>& patterns);
  // What is wrong with one regular expression; nothing where it is fine.
  static std::optional<std::string> problem_with(const std::string& regex);

  // The index of the first pattern that matches.
  std::optional<std::size_t> match(std::string_view text) const;
  const std::string& pattern(std::size_t i) const { return patterns_[i]; }
  bool empty() const { return patterns_.empty(); }

  PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;
  ~PatternSet();

 private:
  struct Compiled;
  static Result compile(const std::vector<std::string>& patterns, const std::vector<std::string>& regexes, bool whole);
  PatternSet(std::vector<std::string> patterns, std::unique_ptr<Compiled> compiled);
  std::vector<std::string> patterns_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace weir::policy
