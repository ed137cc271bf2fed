#include "conf/section.hpp"

#include <algorithm>
#include <tuple>

#include "conf/duration.hpp"
#include "conf/nearest.hpp"
#include "policy/condition.hpp"

namespace weir::conf {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a floating-point number";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time";
    case toml::node_type::date_time: return "a date and time";
    case toml::node_type::none: break;
  }
  return "nothing";
}

}  // namespace

void Problems::add(const Place& where, std::string message) {
  problems_.push_back(
      {.file = std::string(where.file), .line = where.line, .column = where.column, .message = std::move(message)});
}

Place Problems::place(const toml::source_region& where) const {
  return {file_, static_cast<unsigned>(where.begin.line), static_cast<unsigned>(where.begin.column)};
}

std::vector<Problem> Problems::in_order() {
  std::ranges::stable_sort(problems_, {}, [this](const Problem& problem) {
    return std::tuple(problem.file != file_, problem.file, problem.line, problem.column);
  });
  return std::move(problems_);
}

void Problems::note_list(std::filesystem::path file) {
  if (std::ranges::find(list_files_, file) == list_files_.end()) list_files_.push_back(std::move(file));
}

void Section::problem(std::string message) {
  problems_.add(table_ == nullptr ? toml::source_region{} : table_->source(), std::move(message));
}

const toml::node* Section::find(std::string_view key) {
  known_.push_back(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

void Section::wrong_type(const toml::node& found, std::string_view what, std::string_view wanted) {
  problem(found, std::string(what) + " must be " + std::string(wanted) + ", not " + std::string(type_name(found)));
}

const toml::node* Section::read(std::string_view key, bool& value) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  if (const auto* boolean = node->as_boolean()) {
    value = boolean->get();
    return node;
  }
  wrong_type(*node, key, "true or false");
  return nullptr;
}

const toml::node* Section::read(std::string_view key, std::string& value) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  if (const auto* text = node->as_string()) {
    value = text->get();
    return node;
  }
  wrong_type(*node, key, "a string");
  return nullptr;
}

const toml::node* Section::read(std::string_view key, std::chrono::milliseconds& value,
                                std::chrono::milliseconds least) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  const auto* text = node->as_string();
  if (text == nullptr) {
    wrong_type(*node, key, R"(a duration in quotes, such as "10s" or "5m")");
    return nullptr;
  }
  const auto duration = parse_duration(text->get());
  if (!duration || *duration < least) {
    problem(*node, std::string(key) + ": \"" + printable(text->get()) + "\" is not a duration of " +
                       (least.count() > 0 ? "at least " + std::to_string(least.count()) + "ms" : "ten years at most") +
                       R"(; write a whole number and a unit (ms, s, m, h, d), such as "10s")");
    return nullptr;
  }
  value = *duration;
  return node;
}

const toml::node* Section::read(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  const auto* integer = node->as_integer();
  const auto range = std::to_string(least) + " to " + std::to_string(most);
  if (integer == nullptr) {
    wrong_type(*node, key, "an integer from " + range);
    return nullptr;
  }
  if (integer->get() < least || integer->get() > most) {
    problem(*node, std::string(key) + ": " + std::to_string(integer->get()) + " is out of range; it must be " + range);
    return nullptr;
  }
  value = integer->get();
  return node;
}

const toml::node* Section::string_node(std::string_view key) {
  const auto* node = find(key);
  return node != nullptr && node->is_string() ? node : nullptr;
}

const toml::array* Section::array(std::string_view key, std::size_t most) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  const auto* array = node->as_array();
  if (array == nullptr) {
    wrong_type(*node, key, "an array");
  } else if (array->size() > most) {
    problem(*node, std::string(key) + " has " + std::to_string(array->size()) + " entries; at most " +
                       std::to_string(most) + " can be given");
    return nullptr;
  }
  return array;
}

const toml::table* Section::table(std::string_view key) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) wrong_type(*node, key, "a table");
  return node->as_table();
}

void Section::not_a_choice(const toml::node& node, std::string_view key, const std::string& word,
                           const std::vector<std::string_view>& known) {
  problem(node, std::string(key) + ": '" + printable(word) + "' is not one of " + listed(known));
}

void Section::finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    const bool is_table = node.is_table() || node.is_array_of_tables();
    problems_.add(key.source(), std::string("unknown ") + (is_table ? "table" : "key") + " '" + printable(key.str()) +
                                    "' in " + name_ + suggestion(key.str(), known_));
  }
}

void for_each_table(const toml::table& root, std::string_view key, Problems& problems,
                    const std::function<void(const toml::table&)>& visit) {
  const auto* node = root.get(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  const auto wanted = "'" + std::string(key) + "' must be tables: [[" + std::string(key) + "]]";
  if (array == nullptr) return problems.add(node->source(), wanted);
  if (array->size() > policy::kMostConditions)
    return problems.add(node->source(), "there are " + std::to_string(array->size()) + " [[" + std::string(key) +
                                            "]]; at most " + std::to_string(policy::kMostConditions) + " can be given");
  for (const auto& element : *array) {
    if (const auto* table = element.as_table())
      visit(*table);
    else
      problems.add(element.source(), wanted);
  }
}

std::string printable(std::string_view text, std::size_t most) {
  std::string shown;
  for (const char c : text.substr(0, most)) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > most ? shown + "…" : shown;
}

std::string listed(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += "'" + std::string(words[i]) + "'";
  }
  return text;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  if (const auto near = nearest(word, known)) return "; did you mean '" + std::string(*near) + "'?";
  return "; known are " + listed(known);
}

}  // namespace weir::conf
