#include "conf/list.hpp"

#include "conf/file_text.hpp"

namespace weir::conf {
namespace {

constexpr std::size_t kMostEntries = 100'000;  // in weir.toml itself; a file may have more
constexpr std::size_t kLargestFile = std::size_t{512} * 1024 * 1024;
constexpr std::string_view kFile = "file:";
constexpr std::string_view kSpace = " \t\r";

// A comment begins with '#' at the line's start or after a space: in an entry, a '#' may stand.
std::string_view without_comment(std::string_view line) {
  for (auto at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
    if (at == 0 || kSpace.find(line[at - 1]) != std::string_view::npos) return line.substr(0, at);
  return line;
}

void visit_line(std::string_view line, Place place, const std::function<void(const ListEntry&)>& visit) {
  line = without_comment(line);
  const auto first = line.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return;
  place.column = static_cast<unsigned>(first + 1);
  visit({line.substr(first, line.find_last_not_of(kSpace) - first + 1), place});
}

void visit_lines(std::string_view text, const std::string& file, const std::function<void(const ListEntry&)>& visit) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Place place{.file = file};
  while (!text.empty()) {
    ++place.line;
    const auto end = std::min(text.find('\n'), text.size());
    visit_line(text.substr(0, end), place, visit);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

bool for_each_entry(Section& section, std::string_view key, const std::filesystem::path& folder,
                    const std::function<void(const ListEntry&)>& visit) {
  const auto* array = section.array(key, kMostEntries);
  if (array == nullptr) return false;
  for (const auto& element : *array) {
    const auto* string = element.as_string();
    if (string == nullptr) {
      section.wrong_type(element, "an entry of " + std::string(key), "a string");
      continue;
    }
    const std::string_view entry = string->get();
    if (!entry.starts_with(kFile)) {
      visit({entry, section.problems().place(element.source())});
      continue;
    }
    const auto file = (folder / entry.substr(kFile.size())).string();
    section.problems().note_list(file);
    const auto text = read_whole(file, kLargestFile);
    if (text)
      visit_lines(*text, file, visit);
    else
      section.problem(element, std::string(key) + ": the list " + printable(file) + " " + text.error());
  }
  return true;
}

}  // namespace weir::conf
