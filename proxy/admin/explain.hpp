// The decision a flow would get, and every entry looked at on the way: the very walk of the gateway, told. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/policy.hpp"
#include "proxy/flow/tls_cause.hpp"

namespace weir::admin {

// A flow as somebody imagines it.
struct Question {
  policy::Address from;
  policy::Endpoint to;
  bool mptcp = false;
  std::optional<std::string> interface {};
  std::optional<policy::DomainName> domain{};
  std::optional<bool> name_confirmed{};  // with a domain; none: it was not seen to belong there
  std::vector<std::string> alpn{};
  std::optional<std::string> method{};  // with it, it is a request; over TLS where the port is 443
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> headers{};

  // From the names and values of a query or of the command line: from, to, mptcp, interface, domain,
  // name_confirmed, alpn, method, path, header ("K: V"). An error is a sentence that says what would be right.
  static boost::system::result<Question, std::string> parse(
      const std::vector<std::pair<std::string, std::string>>& words);
};

// What the policy does not say.
struct Known {
  std::vector<policy::LearnedFor> learned{};     // bypassed by experience
  std::optional<flow::TlsCause> exception{};     // not decrypted by experience,
  bool exception_blocks = false;                 // and then blocked
  std::vector<std::uint16_t> intercept_ports{};  // empty: whatever the question names is one
  std::set<policy::Address> own_addresses{};     // the gateway's
};

struct Explanation {
  std::string not_intercepted;  // why; then nothing else is known
  policy::Trace syn;
  policy::OnSyn path = policy::OnSyn::terminate;
  std::string syn_by;  // "bypass media", "rule old", or empty: the default

  bool reaches_weir = true;
  policy::Trace flow;
  policy::Outcome outcome;
  std::string flow_by;
  // A rule asks for the request, which only decryption shows. Without one in the question the walk ends there, at
  // needs_decryption.
  bool asks_for_request = false;
  bool decrypted = false;  // requests inside TLS are judged: with one in the question it is walked again
  std::optional<flow::TlsCause> exception;  // would be decrypted, but for this
  bool exception_blocks = false;
  bool inspected = false;              // plain HTTP that is read request by request
  std::optional<bool> name_confirmed;  // as it was gone by; none where nothing asks
  policy::HeaderEdits edits;           // of the rule that decides, where it lets requests go on
};

Explanation explain(const policy::Policy&, const Question&, Known = {});

std::string explanation_json(const Question&, const Explanation&);

}  // namespace weir::admin
