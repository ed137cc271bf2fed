// Header or trailer fields (RFC 9110, 5) in the order they came, as they came. One block of memory for all, kept from
// message to message. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/facts.hpp"

namespace weir::http {

using policy::HeaderField;

// Names of fields, methods' tokens and the like are compared so; ASCII only.
bool same_text(std::string_view a, std::string_view b);
// `lower`: in lower case already.
bool is_named(std::string_view name, std::string_view lower);
// Without the blanks around it (OWS; RFC 9110, 5.6.3).
std::string_view trimmed(std::string_view text);
// Takes the first element off a comma-separated list, without the spaces around it; empty once there is none.
std::string_view next_element(std::string_view& list);

class Fields {
 public:
  // Neither is checked, the readers did that; and neither shows into this object.
  void add(std::string_view name, std::string_view value);
  void clear();  // keeps the memory

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // A view until the next change.
  HeaderField operator[](std::size_t i) const;

  // The first of that name; empty where there is none. Names in lower case, here and below.
  std::string_view get(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool contains(std::string_view name) const { return count(name) > 0; }
  // Whether a comma-separated list has this element, in any field of the name (RFC 9110, 5.6.1).
  bool lists(std::string_view name, std::string_view element) const;
  void remove(std::string_view name);
  void set(std::string_view name, std::string_view value);  // in place of all of that name
  template <typename Predicate>
  void remove_if(Predicate predicate) {
    std::erase_if(entries_, [&](const Entry& entry) { return predicate(view(entry)); });
  }
  // As HTTP/2 counts them: both lengths and 32 each (RFC 9113, 6.5.2).
  std::size_t list_size() const;
  // What an empty one still holds.
  std::size_t capacity() const { return text_.capacity() + entries_.capacity() * sizeof(Entry); }
  void shrink();

 private:
  struct Entry {
    std::uint32_t begin;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  HeaderField view(const Entry& entry) const {
    const std::string_view text(text_);
    return {text.substr(entry.begin, entry.name_size), text.substr(entry.begin + entry.name_size, entry.value_size)};
  }

  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace weir::http
