// How long a policy of a size takes to load, how much memory its lists take, and what one decision costs. Run by
// scripts/bench:  decisions FOLDER NAMES PREFIXES RULES  → one JSON object. The rules stay in FOLDER/rules.toml with
// their lists beside them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "conf/reader.hpp"

using namespace weir;
using Clock = std::chrono::steady_clock;

namespace {

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

std::string name_of(int i) { return "host-" + std::to_string(i) + ".site" + std::to_string(i % 5000) + ".example"; }

policy::Address address_of(unsigned i) {
  const auto byte = [i](unsigned shift) { return static_cast<std::uint8_t>(i >> shift); };
  return policy::Address::v4(static_cast<std::uint8_t>(20 + (i >> 16)), byte(8), byte(0), 7);
}

// Half of the rules have names, half have destinations; each its share, in a file of its own.
std::filesystem::path write_policy(const std::filesystem::path& folder, int names, int prefixes, int rules) {
  std::ofstream toml(folder / "rules.toml");
  for (int rule = 0; rule < rules; ++rule) {
    const bool by_name = rule % 2 == 0;
    const auto list = (by_name ? "names" : "nets") + std::to_string(rule);
    std::ofstream entries(folder / list);
    const int shares = std::max(1, rules / 2);
    for (int i = rule / 2; i < (by_name ? names : prefixes); i += shares)
      entries << (by_name ? name_of(i) : policy::Prefix(address_of(static_cast<unsigned>(i)), 96 + 24).network().text())
              << "\n";
    toml << "[[rule]]\nname = 'r" << rule << "'\nwhen." << (by_name ? "domains" : "destinations")
         << " = ['file:" << list << "']\naction = 'block'\n";
  }
  toml.close();
  const auto whole = folder / "decisions.toml";
  std::ofstream(whole) << "[gateway]\nclient_interfaces = ['lan0']\n" << std::ifstream(folder / "rules.toml").rdbuf();
  return whole;
}

std::vector<policy::Facts> made_flows(int names, int prefixes) {
  std::mt19937 random(7);
  std::vector<policy::Facts> flows;
  for (int i = 0; i < 100'000; ++i) {
    policy::Facts facts;
    facts.client = policy::Address::v4(10, 1, 0, static_cast<std::uint8_t>(i));
    // One in ten is in a list, as on a network whose users mostly go where they may.
    const bool listed = random() % 10 == 0;
    const auto destination = static_cast<unsigned>(random() % static_cast<unsigned>(std::max(1, prefixes)));
    facts.destination = {listed && i % 2 == 0 ? address_of(destination) : policy::Address::v4(198, 51, 100, 7), 443};
    const auto name = static_cast<int>(random() % static_cast<unsigned>(std::max(1, names)));
    facts.domain = policy::DomainName::parse(listed ? name_of(name) : "www." + name_of(name)).value();
    facts.encrypted = true;
    facts.nothing_more();
    flows.push_back(std::move(facts));
  }
  return flows;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return std::fputs("usage: decisions FOLDER NAMES PREFIXES RULES\n", stderr), 2;
  const int names = std::atoi(argv[2]);
  const int prefixes = std::atoi(argv[3]);
  const auto file = write_policy(argv[1], names, prefixes, std::atoi(argv[4]));
  const auto before = Clock::now();
  const auto reading = conf::read_file(file);
  const auto load = Clock::now() - before;
  for (const auto& problem : reading.problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (!reading.ok()) return 1;
  const auto flows = made_flows(names, prefixes);
  std::vector<double> times;
  std::size_t blocked = 0;
  constexpr std::size_t kBatch = 20;  // the clock itself costs some 30 ns
  for (std::size_t i = 0; i + kBatch <= flows.size(); i += kBatch) {
    const auto start = Clock::now();
    for (std::size_t j = 0; j < kBatch; ++j)
      blocked += policy::decide(reading.policy, flows[i + j]).decision.action == policy::Action::block ? 1U : 0U;
    times.push_back(seconds(Clock::now() - start) / kBatch * 1e6);
  }
  std::ranges::sort(times);
  const auto& indexes = reading.policy.rules->indexes;
  const auto per_name = names == 0 ? 0.0 : static_cast<double>(indexes.domains.memory()) / names;
  std::printf(
      "{\"load_s\": %.3f, \"bytes_per_name\": %.1f, \"decision_p50_us\": %.3f, \"decision_p99_us\": %.3f, "
      "\"blocked\": %zu}\n",
      seconds(load), per_name, times[times.size() / 2], times[times.size() * 99 / 100], blocked);
  return 0;
}
