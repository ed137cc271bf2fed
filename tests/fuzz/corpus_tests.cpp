// corpus_tests TARGET FOLDER: gives every file of the folder to the fuzz target once. What a fuzzer found stays among
// them, so that it is not found again.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#define TARGET(name) extern "C" int name##_input(const std::uint8_t*, std::size_t);
#include "corpus_targets.inc"
#undef TARGET

namespace {

struct Target {
  std::string_view name;
  int (*input)(const std::uint8_t*, std::size_t);
};

constexpr Target kTargets[] = {
#define TARGET(name) {#name, name##_input},
#include "corpus_targets.inc"
#undef TARGET
};

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int run(const Target& target, const char* folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::fprintf(stderr, "%s\n", entry.path().c_str());  // the last one is the one that failed
    const auto bytes = bytes_of(entry.path());
    target.input(bytes.data(), bytes.size());
    ++count;
  }
  return count > 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count == 3)
    for (const auto& target : kTargets)
      if (target.name == words[1]) return run(target, words[2]);
  std::fprintf(stderr, "usage: corpus_tests TARGET FOLDER\n");
  return 2;
}
