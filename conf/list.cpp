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

// A FIFO or a device could keep weir waiting.
boost::system::result<std::string, std::string> read_list(const std::string& file) {
  std::error_code error;
  const auto type = std::filesystem::status(file, error).type();
  if (std::filesystem::exists(file, error) && type != std::filesystem::file_type::regular)
    return {boost::system::in_place_error, "is no regular file"};
  return read_whole(file, kLargestFile);
}

void visit_element(Section& section, std::string_view key, const std::filesystem::path& folder,
                   const toml::node& element, const std::function<void(const ListEntry&)>& visit) {
  const auto* string = element.as_string();
  if (string == nullptr) return section.wrong_type(element, "an entry of " + std::string(key), "a string");
  const std::string_view entry = string->get();
  if (!entry.starts_with(kFile)) return visit({entry, section.problems().place(element.source())});
  const auto file = (folder / entry.substr(kFile.size())).string();
  section.problems().note_list(file);
  const auto text = read_list(file);
  if (text)
    visit_lines(*text, file, visit);
  else
    section.problem(element, std::string(key) + ": the list " + printable(file) + " " + text.error());
}

}  // namespace

bool for_each_entry(Section& section, std::string_view key, const std::filesystem::path& folder,
                    const std::function<void(const ListEntry&)>& visit) {
  const auto* array = section.array(key, kMostEntries);
  if (array == nullptr) return false;
  for (const auto& element : *array) visit_element(section, key, folder, element, visit);
  return true;
}

bool for_one_or_each_entry(Section& section, std::string_view key, const std::filesystem::path& folder,
                           const std::function<void(const ListEntry&)>& visit) {
  const auto* one = section.string_node(key);
  if (one == nullptr) return for_each_entry(section, key, folder, visit);
  visit_element(section, key, folder, *one, visit);
  return true;
}

}  // namespace weir::conf
