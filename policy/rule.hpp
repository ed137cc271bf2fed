// The entries of a policy as they are written: what a flow must be like, and what becomes of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/facts.hpp"
#include "policy/header_edits.hpp"
#include "policy/pattern_set.hpp"
#include "policy/prefix.hpp"

namespace weir::policy {

enum class Action : std::uint8_t { allow, block, reset };
enum class Tls : std::uint8_t { passthrough, decrypt };
// What a SYN with option 30 meets (RFC 8684, 3.1).
enum class OnSyn : std::uint8_t { terminate, direct, strip, deny };
enum class Flows : std::uint8_t { mptcp, tcp, any };

const char* name(Action);
const char* name(Tls);
const char* name(OnSyn);
const char* name(Flows);

struct HeaderCondition {
  std::string name;  // in lower case
  PatternSet values;
};

// All that is asked must hold; of each list any entry may. Sources, destinations and domains may be asked for by a list
// that is empty today (a file), and then match nothing. They are matched by the table's indexes, so the names are not
// here; the prefixes are, for the kernel's sets.
struct When {
  bool by_source = false;
  bool by_destination = false;
  bool by_domain = false;
  std::vector<Prefix> sources;
  std::vector<Prefix> destinations;
  std::vector<std::uint16_t> ports;
  std::optional<Transport> transport;
  std::vector<std::string> interfaces;
  std::optional<bool> name_confirmed;
  std::vector<std::string> alpn;
  std::vector<std::string> methods;
  PatternSet paths;
  std::vector<HeaderCondition> headers;
  PatternSet user_agents;

  bool asks_for_request() const {
    return !methods.empty() || !paths.empty() || !headers.empty() || !user_agents.empty();
  }
  // Whether the SYN tells all that is asked.
  bool is_of_syn() const { return !by_domain && !name_confirmed && alpn.empty() && !asks_for_request(); }
};

struct Rule {
  std::string name;
  When when;
  Action action = Action::allow;
  std::optional<Tls> tls;
  std::optional<OnSyn> mptcp;  // only where `when.is_of_syn()`
  HeaderEdits edits;

  // A rule on interfaces judges the SYN and nothing else: weir's sockets do not tell where a SYN came in.
  bool judges_flows() const { return when.interfaces.empty(); }
  // Whether requests of one connection can fare differently by this rule, or are changed.
  bool reads_requests() const {
    return when.by_domain || when.name_confirmed || when.asks_for_request() || !edits.empty();
  }
};

struct Bypass {
  std::string name;
  Flows flows = Flows::mptcp;
  bool by_source = false;
  bool by_destination = false;
  bool by_domain = false;
  std::vector<Prefix> sources;
  std::vector<Prefix> destinations;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> names;                         // those of its domains that can be resolved, the first 10,000
  std::chrono::seconds learn_for{std::chrono::hours(1)};  // 0: never

  bool takes(Transport transport) const {
    return flows == Flows::any || (flows == Flows::mptcp) == (transport == Transport::mptcp);
  }
  bool is_for_all_destinations() const { return !by_destination && !by_domain; }
};

}  // namespace weir::policy
