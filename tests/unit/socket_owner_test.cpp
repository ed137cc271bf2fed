#include "proxy/kernel/socket_owner.hpp"

#include <netinet/in.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;

namespace {

constexpr const char* kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0\n"
    "   1: 0100007F:01BB 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0\n"
    "   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4244 1 0 100 0 0 10 0\n"
    "   3: cut short\n\n";
constexpr const char* kTcp6 =
    "   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 "
    "00:00000000 00000000     0        0 77 1 0 100 0 0 10 0\n";
constexpr const char* kUnix =
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 17\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 18 @weir-gateway-not\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 19 @weir-gateway\n";

}  // namespace

TEST_CASE("listeners on a port are found in /proc/net/tcp and tcp6", "[socket_owner]") {
  CHECK(kernel::listeners_in(kTcp, 443) == std::vector<kernel::Inode>{4242});
  CHECK(kernel::listeners_in(kTcp, 80) == std::vector<kernel::Inode>{4244});
  CHECK(kernel::listeners_in(kTcp, 8080).empty());
  CHECK(kernel::listeners_in(kTcp6, 443) == std::vector<kernel::Inode>{77});
  CHECK(kernel::listeners_in("", 443).empty());
}

TEST_CASE("an abstract socket is found by its whole name", "[socket_owner]") {
  CHECK(kernel::unix_socket_in(kUnix, "@weir-gateway") == kernel::Inode{19});
  CHECK_FALSE(kernel::unix_socket_in(kUnix, "@weir").has_value());
}

TEST_CASE("the holder of a port is named", "[socket_owner][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  CHECK(kernel::listeners(443).empty());
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(443);
  REQUIRE(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(socket, 1) == 0);
  const auto found = kernel::listeners(443);
  REQUIRE(found.size() == 1);
  const auto process = kernel::owner(found.front());
  REQUIRE(process.has_value());
  CHECK(process->id == getpid());
  CHECK_THAT(kernel::text(process), ContainsSubstring("(process " + std::to_string(getpid()) + ")"));
  close(socket);
  CHECK_FALSE(kernel::owner(found.front()).has_value());
}

TEST_CASE("a weir of another process is seen, this process's own is not", "[socket_owner][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  CHECK_FALSE(kernel::other_instance().has_value());
  constexpr char kName[] = "\0weir-gateway";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(kName, sizeof kName - 1, address.sun_path);
  int ended[2];
  REQUIRE(pipe(ended) == 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + sizeof kName - 1);
  REQUIRE(bind(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  CHECK_FALSE(kernel::other_instance().has_value());
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    close(ended[1]);
    _exit(read(ended[0], &byte, 1) == 0 ? 0 : 1);  // until the test lets go
  }
  close(socket);  // now only the child holds it
  const auto instance = kernel::other_instance();
  close(ended[0]);
  close(ended[1]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(instance.has_value());
  REQUIRE(instance->process.has_value());
  CHECK(instance->process->id == child);
  CHECK_FALSE(kernel::other_instance().has_value());
}
