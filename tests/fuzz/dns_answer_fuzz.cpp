// What NFLOG hands over: bytes any host can send from port 53.
#include <cstdlib>

#include "proxy/names/dns_answer.hpp"
#include "proxy/names/plain_name.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::names::parse_dns_answer;
  const auto answer = parse_dns_answer({data, size});
  if (!answer) return 0;
  if (weir::names::plain_name(answer->name) != answer->name || answer->server.port != 53) std::abort();
  // An address takes at least a name's pointer, ten fixed bytes and four of its own.
  if (answer->addresses.size() * 16 > size) std::abort();
  for (const auto& address : answer->addresses)
    if (address.ttl.count() < 0 || address.ttl.count() > 0x7fffffff) std::abort();
  // Cut short it tells the same or nothing.
  const auto cut = parse_dns_answer({data, size - 1 - data[size - 1] % size});
  if (cut && *cut != *answer) std::abort();
  return 0;
}
