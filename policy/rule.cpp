#include "policy/rule.hpp"

namespace weir::policy {

const char* name(Action action) {
  switch (action) {
    case Action::allow: return "allow";
    case Action::block: return "block";
    case Action::reset: return "reset";
  }
  return "unknown";
}

const char* name(Tls tls) { return tls == Tls::decrypt ? "decrypt" : "passthrough"; }

const char* name(OnSyn on_syn) {
  switch (on_syn) {
    case OnSyn::terminate: return "terminate";
    case OnSyn::direct: return "direct";
    case OnSyn::strip: return "strip";
    case OnSyn::deny: return "deny";
  }
  return "unknown";
}

const char* name(Flows flows) {
  switch (flows) {
    case Flows::mptcp: return "mptcp";
    case Flows::tcp: return "tcp";
    case Flows::any: return "any";
  }
  return "unknown";
}

}  // namespace weir::policy
