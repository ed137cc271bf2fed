#include "proxy/session/within_tls.hpp"

#include "proxy/session/classify.hpp"
#include "proxy/session/first_word.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/opening.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {

using detect::Protocol;
using Io = net::Stream::Io;

net::Awaitable<Protocol> look_within_tls(Flow& flow, FirstLook& look) {
  const auto& settings = flow.worker.snapshot().settings;
  flow.DeadlineHook::unlink();
  flow.worker.await_deadline(flow, settings.gateway.peek_timeout);
  // Where rules are on requests, one that is sent by halves is not to slip by; else a protocol that only looks like
  // HTTP at first is not kept waiting.
  const bool insists = flow.worker.snapshot().policy.reads_requests();
  bool patient = false;
  bool late = false;  // whoever speaks first is heard
  while (look.detector().protocol() == Protocol::need_more && !look.is_full()) {
    const auto scratch = flow.worker.resources().scratch();
    const auto io = flow.opening->client().read(scratch);
    if (io.state == Io::State::moved) {
      look.take(scratch.first(io.size));
      continue;
    }
    if (io.state != Io::State::wait) break;  // it shows again
    if (insists && !patient && look.detector().has_begun()) {
      patient = true;
      flow.DeadlineHook::unlink();
      flow.worker.await_deadline(flow, settings.http.header_timeout);
    }
    if (late && !patient) {
      const bool client = co_await client_speaks_first(flow, *flow.opening);
      if (!client) break;
      continue;
    }
    co_await flow.waiter.wait();
    if (!flow.stopped) continue;
    if (*flow.stopped == flow::Code::timeout) flow.stopped.reset();
    late = insists && !patient && !flow.stopped;
    if (!late) break;
  }
  flow.DeadlineHook::unlink();
  const auto protocol = look.detector().protocol();
  if (!is_http(look) || (protocol == Protocol::need_more && !insists)) co_return Protocol::opaque;
  co_return protocol == Protocol::http2 ? Protocol::http2 : Protocol::http1;
}

}  // namespace weir::session
