#include "proxy/session/name_sniffer.hpp"

#include "proxy/session/first_look.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {

bool NameSniffer::look(std::span<const std::uint8_t> bytes) {
  using detect::Protocol;
  if (done_) return false;
  if (detector_.look(bytes) == Protocol::need_more) return true;
  done_ = true;
  note_names(flow_.record, detector_);
  if (const auto name = policy::DomainName::parse(flow_.record.domain)) flow_.worker.report_name(flow_, *name, false);
  return false;
}

}  // namespace weir::session
