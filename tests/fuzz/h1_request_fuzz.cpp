// What a client sends as HTTP/1, and what it is taken for by its first bytes.
#include "proxy/detect/detector.hpp"
#include "tests/fuzz/h1_fuzz.hpp"

namespace {

using weir::detect::Detector;
using weir::detect::Protocol;
using weir::http::Fault;
using weir::test::require;

// The same in any cutting; a request is never taken for another protocol.
void require_detected(std::span<const std::uint8_t> stream) {
  Detector whole;
  Detector cut;
  whole.look(stream);
  const auto at = stream.back() % stream.size();
  cut.look(stream.first(at));
  require(cut.look(stream.subspan(at)) == whole.protocol());

  weir::http::H1RequestReader reader;
  weir::http::Request request;
  const auto event = reader.read(stream, request).event;
  if (event == weir::http::H1Event::head && request.method == "GET")
    require(whole.protocol() == Protocol::http1 && whole.request().authority == request.authority);
  if (event == weir::http::H1Event::fault && whole.protocol() == Protocol::http1)
    require(reader.fault() == Fault::connect || stream.front() == '\r' || stream.front() == '\n');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  weir::test::require_all<weir::http::Request>({reinterpret_cast<const char*>(data), size}, {});
  require_detected({data, size});
  return 0;
}
