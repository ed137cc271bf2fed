#include "proxy/session/request_log.hpp"

#include "proxy/session/flow.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

std::string_view version_text(http::Version version) {
  switch (version) {
    case http::Version::http1_0: return "HTTP/1.0";
    case http::Version::http1_1: return "HTTP/1.1";
    case http::Version::http2: break;
  }
  return "HTTP/2";
}

flow::RequestRecord record_of(const Flow& flow, const http::Transaction& transaction) {
  const auto& request = transaction.request;
  flow::RequestRecord record;
  record.flow = flow.record.id;
  record.stream = transaction.stream;
  record.started = transaction.started;
  record.of = &flow.record;
  record.version = version_text(request.version);
  record.method = request.method;
  record.scheme = request.scheme;
  record.authority = request.authority;
  record.target = request.target;
  if (transaction.response_begun) record.status = transaction.response.status;
  record.request_bytes = transaction.request_bytes;
  record.response_bytes = transaction.response_bytes;
  if (transaction.first_byte)
    record.first_byte = duration_cast<microseconds>(*transaction.first_byte - transaction.began);
  record.last_byte = duration_cast<microseconds>(transaction.last_byte - transaction.began);
  record.rule = transaction.rule;
  record.end = transaction.end;
  if (transaction.fault != http::Fault::none) record.fault = http::name(transaction.fault);
  record.cause = transaction.cause;
  record.fronting = transaction.fronting;
  record.name_confirmed = transaction.name_confirmed;
  return record;
}

}  // namespace

void put_on_record(Flow& flow, const http::Transaction& transaction, std::string_view name) {
  auto& counters = flow.worker.count();
  ++flow.record.requests;
  counters.requests[static_cast<std::size_t>(transaction.end)].add();
  const auto status_class = transaction.response.status / 100;
  if (transaction.response_begun && status_class >= 1 && status_class <= std::size(counters.responses))
    counters.responses[status_class - 1].add();
  flow.worker.tally().request_ended(name, transaction.rule);
  if (flow.worker.wants_requests()) flow.worker.write_request(record_of(flow, transaction));
}

}  // namespace weir::session
