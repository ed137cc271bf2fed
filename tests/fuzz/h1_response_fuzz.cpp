// What an origin sends as HTTP/1: in answer to HEAD and to others, with and without the connection's end behind it.
#include "tests/fuzz/h1_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  for (const bool to_head : {false, true})
    for (const bool ends : {false, true})
      weir::test::require_all<weir::http::Response>({reinterpret_cast<const char*>(data), size},
                                                    {.to_head = to_head, .ends = ends});
  return 0;
}
