// One table of weir.toml while it is read: typed values by key, and a problem with its place for whatever is wrong.
// A section's reader asks for each key it knows; what nobody asked for is unknown.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "conf/reader.hpp"

namespace weir::conf {

// Where an entry stands: in weir.toml, or in a list file it names.
struct Place {
  std::string_view file;  // outlives the place
  unsigned line = 0;      // from 1
  unsigned column = 0;    // from 1
};

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(const toml::source_region& where, std::string message) { add(place(where), std::move(message)); }
  void add(const Place& where, std::string message);
  Place place(const toml::source_region& where) const;
  std::size_t count() const { return problems_.size(); }
  // Those of weir.toml first.
  std::vector<Problem> in_order();
  // Besides problems, which files were read for entries; each once.
  void note_list(std::filesystem::path file);
  const std::vector<std::filesystem::path>& list_files() const { return list_files_; }

 private:
  std::string file_;
  std::vector<Problem> problems_;
  std::vector<std::filesystem::path> list_files_;
};

class Section {
 public:
  // `name` as people write it: "[gateway]". `table` may be absent: then every value is left as it is.
  Section(std::string name, const toml::table* table, Problems& problems)
      : name_(std::move(name)), table_(table), problems_(problems) {}

  // Each leaves `value` alone where the key is absent or wrong, and returns the node where it is there and right.
  const toml::node* read(std::string_view key, bool& value);
  const toml::node* read(std::string_view key, std::string& value);
  const toml::node* read(std::string_view key, std::chrono::milliseconds& value, std::chrono::milliseconds least);
  const toml::node* read(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most);
  template <typename Choice>
  const toml::node* read(std::string_view key, Choice& value,
                         std::initializer_list<std::pair<std::string_view, Choice>> choices) {
    std::string word;
    const auto* node = read(key, word);
    if (node == nullptr) return nullptr;
    std::vector<std::string_view> known;
    for (const auto& [name, choice] : choices) {
      if (word == name) {
        value = choice;
        return node;
      }
      known.push_back(name);
    }
    not_a_choice(*node, key, word, known);
    return nullptr;
  }
  // The node where it is a string; nothing is said of what it is else.
  const toml::node* string_node(std::string_view key);
  // Nothing where the key is absent, no array, or longer than `most`.
  const toml::array* array(std::string_view key, std::size_t most);
  // Nothing where the key is absent or no table.
  const toml::table* table(std::string_view key);

  bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }
  void problem(const toml::node& where, std::string message) { problems_.add(where.source(), std::move(message)); }
  // Of the table as a whole: its place is the table's, or none where the table is absent.
  void problem(std::string message);
  void wrong_type(const toml::node& found, std::string_view what, std::string_view wanted);
  // Last: a problem for each key nobody asked for.
  void finish();

  const std::string& name() const { return name_; }
  Problems& problems() { return problems_; }

 private:
  const toml::node* find(std::string_view key);
  void not_a_choice(const toml::node&, std::string_view key, const std::string& word,
                    const std::vector<std::string_view>& known);

  std::string name_;
  const toml::table* table_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

// Calls `visit` for each table of the array of tables [[key]], at most 4096 of them.
void for_each_table(const toml::table& root, std::string_view key, Problems&,
                    const std::function<void(const toml::table&)>& visit);

// What a problem quotes from the file may hold anything: no control byte reaches a terminal, no line grows endless.
std::string printable(std::string_view text, std::size_t most = 80);
// "'a', 'b' or 'c'".
std::string listed(const std::vector<std::string_view>& words);
// "; did you mean 'x'?" or "; known are 'x', 'y' or 'z'".
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace weir::conf
