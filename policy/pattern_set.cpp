#include "policy/pattern_set.hpp"

#include <algorithm>
#include <re2/re2.h>
#include <re2/set.h>

namespace weir::policy {
namespace {

constexpr std::int64_t kMostMemory = std::int64_t{16} * 1024 * 1024;  // of a pattern's automatons, and of a set's

RE2::Options options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: what comes from the network need not be UTF-8
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  options.set_dot_nl(true);
  return options;
}

std::string regex_of(const std::string& glob) {
  std::string regex;
  for (const char c : glob) {
    if (c == '*')
      regex += ".*";
    else if (c == '?')
      regex += '.';
    else
      regex += RE2::QuoteMeta(re2::StringPiece(&c, 1));
  }
  return regex;
}

}  // namespace

// The set answers for many patterns at once. It gives up where its automaton would need more than its memory (RE2 has
// no slower way to match a set); then, and where there are few, each is asked by itself.
struct PatternSet::Compiled {
  std::vector<std::unique_ptr<RE2>> each;
  std::unique_ptr<RE2::Set> together;
  RE2::Anchor anchor;
};

PatternSet::PatternSet() = default;
PatternSet::PatternSet(std::vector<std::string> patterns, std::unique_ptr<Compiled> compiled)
    : patterns_(std::move(patterns)), compiled_(std::move(compiled)) {}
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

PatternSet::Result PatternSet::globs(const std::vector<std::string>& patterns) {
  std::vector<std::string> regexes;
  regexes.reserve(patterns.size());
  for (const auto& glob : patterns) regexes.push_back(regex_of(glob));
  return compile(patterns, regexes, true);
}

PatternSet::Result PatternSet::regexes(const std::vector<std::string>& patterns) {
  return compile(patterns, patterns, false);
}

PatternSet::Result PatternSet::compile(const std::vector<std::string>& patterns,
                                       const std::vector<std::string>& regexes, bool whole) {
  constexpr std::size_t kFew = 4;
  const auto anchor = whole ? RE2::ANCHOR_BOTH : RE2::UNANCHORED;
  auto compiled = std::make_unique<Compiled>();
  compiled->anchor = anchor;
  for (const auto& regex : regexes) {
    compiled->each.push_back(std::make_unique<RE2>(regex, options()));
    if (!compiled->each.back()->ok()) return {boost::system::in_place_error, compiled->each.back()->error()};
  }
  if (regexes.size() > kFew) {
    compiled->together = std::make_unique<RE2::Set>(options(), anchor);
    for (const auto& regex : regexes) compiled->together->Add(regex, nullptr);
    if (!compiled->together->Compile()) compiled->together.reset();
  }
  return PatternSet(patterns, std::move(compiled));
}

std::optional<std::string> PatternSet::problem_with(const std::string& regex) {
  const RE2 compiled(regex, options());
  if (compiled.ok()) return std::nullopt;
  return compiled.error();
}

std::optional<std::size_t> PatternSet::match(std::string_view text) const {
  if (!compiled_) return std::nullopt;
  const re2::StringPiece bytes(text.data(), text.size());
  if (compiled_->together) {
    std::vector<int> matched;
    RE2::Set::ErrorInfo error{};
    if (compiled_->together->Match(bytes, &matched, &error))
      return static_cast<std::size_t>(*std::ranges::min_element(matched));
    if (error.kind == RE2::Set::kNoError) return std::nullopt;
  }
  for (std::size_t i = 0; i < compiled_->each.size(); ++i)
    if (compiled_->each[i]->Match(bytes, 0, bytes.size(), compiled_->anchor, nullptr, 0)) return i;
  return std::nullopt;
}

}  // namespace weir::policy
