// What real clients and servers send, read in every cutting, and written again as something that is read as the same.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/h1_readings.hpp"

using namespace weir::http;
using namespace weir::test;

namespace {

struct Sample {
  std::string name;
  std::string stream;
};

// tests/fuzz/corpus/KIND, by name.
std::vector<Sample> corpus(const std::string& kind) {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/fuzz/corpus/" + kind)) {
    std::ifstream file(entry.path(), std::ios::binary);
    samples.push_back({entry.path().filename(), std::string(std::istreambuf_iterator<char>(file), {})});
  }
  std::ranges::sort(samples, {}, &Sample::name);
  return samples;
}

bool is_of_a_program(const Sample& sample) {
  return !sample.name.starts_with("made_") && !sample.name.starts_with("crash");
}

template <typename Message>
void check_round_trip(const std::string& stream, H1Case how) {
  how.relays = true;
  auto first = collect<Message>(stream, stream.size(), stream.size(), how);
  auto second = collect<Message>(first.written(), 1, 1, how);
  CHECK(second.reading().messages == first.reading().messages);
}

}  // namespace

TEST_CASE("requests of real clients", "[h1_round_trip]") {
  const auto samples = corpus("h1_request");
  CHECK(samples.size() > 20);
  for (const auto& sample : samples) {
    INFO(sample.name);
    const auto reading = read_requests(sample.stream);
    check_round_trip<Request>(sample.stream, {});
    if (!is_of_a_program(sample)) continue;
    CHECK(std::string(name(reading.fault)) == "none");
    CHECK(reading.messages.size() == 1);
    CHECK(reading.is_between_messages);
  }
}

TEST_CASE("responses of real servers", "[h1_round_trip]") {
  const auto samples = corpus("h1_response");
  CHECK(samples.size() > 10);
  for (const auto& sample : samples) {
    INFO(sample.name);
    const H1Case how{.to_head = sample.name.ends_with("_head"), .ends = true};
    const auto reading = read_responses(sample.stream, how);
    check_round_trip<Response>(sample.stream, how);
    if (!is_of_a_program(sample)) continue;
    CHECK(std::string(name(reading.fault)) == "none");
    CHECK(reading.messages.size() == 1);
    CHECK(reading.is_between_messages);
  }
}
