// weir.toml → Settings, or every problem in it at once, each with its place.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.hpp"
#include "policy/policy.hpp"

namespace weir::conf {

struct Problem {
  std::string file;
  unsigned line = 0;    // from 1; 0 where the problem has no place (the file cannot be read)
  unsigned column = 0;  // from 1
  std::string message;  // what is wrong and what would be right, one line

  // "FILE:LINE:COLUMN: error: MESSAGE", without the numbers where there is no place.
  std::string text() const;
};

// Settings that `run` can use as they are, or at least one problem.
struct Reading {
  Settings settings;
  policy::Policy policy;
  std::vector<Problem> problems;  // in the order of the file
  bool ok() const { return problems.empty(); }
};

Reading read_file(const std::filesystem::path& file);
// Of its [admin] alone, for those who only ask the gateway that runs with it: what is wrong elsewhere does not matter.
Reading read_admin_section(const std::filesystem::path& file);
// `file_name` stands in the problems; relative paths in the text start at its folder.
Reading read_text(std::string_view toml, const std::string& file_name);

}  // namespace weir::conf
