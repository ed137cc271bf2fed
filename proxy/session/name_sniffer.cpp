#include "proxy/session/name_sniffer.hpp"

#include "proxy/session/first_look.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {

bool NameSniffer::look(std::span<const std::uint8_t> bytes) {
  using detect::Protocol;
  if (done_) return false;
  const bool first = std::exchange(first_, false);
  // A hello is read piece by piece. A request's head would have to be kept for that; one that is not whole is let go.
  const auto protocol = detector_.look(bytes, first ? bytes : std::span<const std::uint8_t>{});
  const bool is_hello_so_far = !bytes.empty() && (first ? bytes.front() == 0x16 : true);
  if (protocol == Protocol::need_more && is_hello_so_far) return true;
  done_ = true;
  note_names(flow_.record, detector_);
  if (!flow_.record.domain.empty()) flow_.worker.report_name(flow_, false);
  return false;
}

}  // namespace weir::session
