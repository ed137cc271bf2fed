#include "proxy/http/fields.hpp"

#include <algorithm>

namespace weir::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same_text(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char left, char right) { return lower(left) == lower(right); });
}

bool is_named(std::string_view name, std::string_view lower_name) {
  return name.size() == lower_name.size() &&
         std::ranges::equal(name, lower_name, [](char left, char right) { return lower(left) == right; });
}

std::string_view next_element(std::string_view& list) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto element = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!element.empty()) return element;
  }
  return {};
}

void Fields::add(std::string_view name, std::string_view value) {
  const auto begin = text_.size();
  text_.append(name).append(value);
  entries_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
}

void Fields::clear() {
  text_.clear();
  entries_.clear();
}

HeaderField Fields::operator[](std::size_t i) const { return view(entries_[i]); }

std::string_view Fields::get(std::string_view name) const {
  for (const auto& entry : entries_)
    if (const auto field = view(entry); is_named(field.name, name)) return field.value;
  return {};
}

std::size_t Fields::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [&](const Entry& entry) { return is_named(view(entry).name, name); }));
}

bool Fields::lists(std::string_view name, std::string_view element) const {
  return std::ranges::any_of(entries_, [&](const Entry& entry) {
    const auto field = view(entry);
    if (!is_named(field.name, name)) return false;
    auto list = field.value;
    for (auto each = next_element(list); !each.empty(); each = next_element(list))
      if (same_text(each, element)) return true;
    return false;
  });
}

void Fields::remove(std::string_view name) {
  remove_if([&](const HeaderField& field) { return is_named(field.name, name); });
}

void Fields::set(std::string_view name, std::string_view value) {
  remove_if([&](const HeaderField& field) { return same_text(field.name, name); });
  add(name, value);
}

std::size_t Fields::list_size() const {
  constexpr std::size_t kOverhead = 32;
  std::size_t size = 0;
  for (const auto& entry : entries_) size += entry.name_size + entry.value_size + kOverhead;
  return size;
}

void Fields::shrink() {
  text_.shrink_to_fit();
  entries_.shrink_to_fit();
}

}  // namespace weir::http
