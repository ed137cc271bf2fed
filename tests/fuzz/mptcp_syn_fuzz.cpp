// What NFLOG hands over: bytes any host can send.
#include <cstdlib>

#include "proxy/kernel/mptcp_syn.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::kernel::MptcpSyn;
  const auto syn = weir::kernel::parse_mptcp_syn({data, size});
  if (!syn) return 0;
  // IPv4's and TCP's shortest headers and an option of two bytes; only a join names a connection.
  constexpr std::size_t kShortest = 20 + 20 + 2;
  if (size < kShortest) std::abort();
  if (syn->subtype != MptcpSyn::Subtype::join && syn->token != 0) std::abort();
  return 0;
}
