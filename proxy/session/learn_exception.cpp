#include "proxy/session/learn_exception.hpp"

#include "proxy/session/flow.hpp"
#include "proxy/session/opening.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using conf::Instead;
using flow::TlsCause;

bool is_refusal(TlsCause cause) { return cause == TlsCause::rejected || cause == TlsCause::closed; }

// What a client's refusals teach is of use only where it is then passed through. To refuse a leaf that mirrors an
// origin's faults is only right, and tells nothing of the client.
bool is_worth_knowing(const Flow& flow, TlsCause cause) {
  if (!is_refusal(cause)) return true;
  return !flow.opening->mirrors_faults() && instead_of_decrypting(flow, cause) == Instead::passthrough;
}

}  // namespace

Instead instead_of_decrypting(const Flow& flow, TlsCause cause) {
  return instead_of_decrypting(flow.worker.snapshot().settings.tls, cause);
}

Instead instead_of_decrypting(const conf::TlsSettings& tls, TlsCause cause) {
  switch (cause) {
    case TlsCause::client_certificate: return tls.undecryptable.client_certificate;
    case TlsCause::protocol: return tls.undecryptable.protocol;
    case TlsCause::encrypted_client_hello: return tls.undecryptable.encrypted_client_hello;
    case TlsCause::not_tls: return tls.undecryptable.not_tls;
    case TlsCause::rejected:
    case TlsCause::closed: break;
  }
  return tls.on_client_rejection;
}

std::optional<TlsCause> known_exception(const Flow& flow) {
  const auto cause = flow.worker.exceptions().find(flow.opening->parties(), Clock::now());
  if (!cause || !is_worth_knowing(flow, *cause)) return std::nullopt;
  // A client that leaves its encrypted hello away can be decrypted.
  if (*cause == TlsCause::encrypted_client_hello && !flow.record.encrypted_client_hello) return std::nullopt;
  return cause;
}

void learn_exception(Flow& flow, TlsCause cause) {
  if (!is_worth_knowing(flow, cause)) return;
  const auto now = Clock::now();
  const auto until = now + flow.worker.snapshot().settings.tls.remember_rejection;
  const auto& parties = flow.opening->parties();
  if (flow.worker.exceptions().learn(cause, parties, now, until)) flow.worker.report_exception(cause, parties);
}

void note_silent_close(Flow& flow) {
  if (!is_worth_knowing(flow, TlsCause::closed)) return;
  const auto now = Clock::now();
  const auto until = now + flow.worker.snapshot().settings.tls.remember_rejection;
  const auto& parties = flow.opening->parties();
  if (flow.worker.exceptions().note_silent_close(parties, now, until))
    flow.worker.report_exception(TlsCause::closed, parties);
}

}  // namespace weir::session
