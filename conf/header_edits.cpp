#include "conf/header_edits.hpp"

#include <algorithm>
#include <array>

#include "conf/token.hpp"

namespace weir::conf {
namespace {

using Field = policy::HeaderEdits::Field;

constexpr std::size_t kMostFields = 100;
constexpr std::size_t kLongestName = 256;
constexpr std::size_t kLongestValue = 8192;

struct Forbidden {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view kFrames = "frames the message, which weir does itself";
constexpr std::string_view kIsOfTheConnection = "is about one connection, and each side has its own";

// Changed by a rule, these would have weir and whom it speaks to disagree about where a message ends or whose it is.
constexpr std::array<Forbidden, 10> kForbidden{{
    {"content-length", kFrames},
    {"transfer-encoding", kFrames},
    {"trailer", kFrames},
    {"connection", kIsOfTheConnection},
    {"keep-alive", kIsOfTheConnection},
    {"proxy-connection", kIsOfTheConnection},
    {"te", kIsOfTheConnection},
    {"upgrade", "switches the connection's protocol; see upgrades in [http]"},
    {"host", "says whom the request is for, and the rules have judged that"},
    {"expect", "asks for an answer before the body, which weir gives or passes on itself"},
}};

// Nothing where a rule may touch that field.
std::string why_not(std::string_view name) {
  if (name.starts_with(':')) return "is a part of the request or status line, and no field";
  if (!is_token(name) || name.size() > kLongestName) return "is not a header's name";
  const auto* found = std::ranges::find(kForbidden, lower(name), &Forbidden::name);
  return found == kForbidden.end() ? std::string() : "cannot be changed: it " + std::string(found->why);
}

// RFC 9110, 5.5.
bool is_field_value(std::string_view value) {
  constexpr std::string_view kBlanks = " \t";
  const bool has_control = std::ranges::any_of(
      value, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
  return !has_control && (value.empty() || (kBlanks.find(value.front()) == std::string_view::npos &&
                                            kBlanks.find(value.back()) == std::string_view::npos));
}

bool is_among(const std::vector<Field>& fields, std::string_view name) {
  return std::ranges::any_of(fields, [&](const Field& field) { return lower(field.first) == lower(name); });
}

// One of the four keys while it is read.
struct Key {
  Section& section;
  std::string_view name;  // a literal: the section keeps it

  void problem(const toml::source_region& where, const std::string& message) const {
    section.problems().add(where, std::string(name) + ": " + message);
  }
  bool is_empty(const toml::node& node, std::size_t size) const {
    if (size == 0) problem(node.source(), "this is empty; leave it out, or name at least one");
    return size == 0;
  }
  // Whether a field of that name may be changed, and was not named before.
  bool takes(std::string_view field, bool again, const toml::source_region& where) const {
    const auto why = why_not(field);
    if (!why.empty())
      problem(where, "'" + printable(field) + "' " + why);
    else if (again)
      problem(where, "'" + printable(field) + "' stands here twice");
    return why.empty() && !again;
  }
};

void read_set(const Key& key, const toml::key& name, const toml::node& node, std::vector<Field>& fields) {
  if (!key.takes(name.str(), is_among(fields, name.str()), name.source())) return;
  const auto* value = node.as_string();
  if (value == nullptr)
    key.section.wrong_type(node, std::string(key.name) + ": the value of '" + printable(name.str()) + "'", "a string");
  else if (!is_field_value(value->get()))
    key.problem(node.source(), "the value of '" + printable(name.str()) +
                                   "' has a line break or another control character, or a blank at an end");
  else if (value->get().size() > kLongestValue)
    key.problem(node.source(), "the value of '" + printable(name.str()) + "' is longer than 8192 bytes");
  else
    fields.emplace_back(name.str(), value->get());
}

const toml::node* read_set(const Key& key, std::vector<Field>& fields) {
  const auto* table = key.section.table(key.name);
  if (table == nullptr || key.is_empty(*table, table->size())) return table;
  if (table->size() > kMostFields)
    key.problem(table->source(), "there are " + std::to_string(table->size()) + " fields; at most 100 can be given");
  else
    for (const auto& [name, node] : *table) read_set(key, name, node, fields);
  return table;
}

const toml::node* read_removed(const Key& key, const std::vector<Field>& set, std::vector<std::string>& names) {
  const auto* array = key.section.array(key.name, kMostFields);
  if (array == nullptr || key.is_empty(*array, array->size())) return array;
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) {
      key.section.wrong_type(element, "an entry of " + std::string(key.name), "a string");
      continue;
    }
    auto name = lower(text->get());
    if (!key.takes(name, std::ranges::find(names, name) != names.end(), element.source())) continue;
    if (is_among(set, name))
      key.problem(element.source(), "'" + name +
                                        "' is set by this rule, which already takes the place of all fields of "
                                        "that name");
    else
      names.push_back(std::move(name));
  }
  return array;
}

}  // namespace

const toml::node* read_header_edits(Section& section, policy::HeaderEdits& edits) {
  const std::array<const toml::node*, 4> nodes{
      read_set({section, "set_request_headers"}, edits.set_request),
      read_removed({section, "remove_request_headers"}, edits.set_request, edits.remove_request),
      read_set({section, "set_response_headers"}, edits.set_response),
      read_removed({section, "remove_response_headers"}, edits.set_response, edits.remove_response),
  };
  const auto* first = std::ranges::find_if(nodes, [](const toml::node* node) { return node != nullptr; });
  return first == nodes.end() ? nullptr : *first;
}

}  // namespace weir::conf
