// Who holds a port or a name here, read from /proc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace weir::kernel {

struct Process {
  pid_t id = 0;
  std::string name;
};

using Inode = std::uint64_t;

// Of the lines of /proc/net/tcp or tcp6: the sockets that listen on the port. Pure.
std::vector<Inode> listeners_in(std::string_view proc_net_tcp, std::uint16_t port);
// Of the lines of /proc/net/unix: the socket of that name ("@" begins an abstract one). Pure.
std::optional<Inode> unix_socket_in(std::string_view proc_net_unix, std::string_view name);

std::vector<Inode> listeners(std::uint16_t port);
// Nothing where the process cannot be seen (another user's, another PID namespace's).
std::optional<Process> owner(Inode);
std::string text(const std::optional<Process>&);  // "nginx (process 812)" or "another program"

// A weir that runs in this network namespace, this process left out: `run` holds the abstract socket @weir-gateway.
struct Instance {
  std::optional<Process> process;
};
std::optional<Instance> other_instance();

}  // namespace weir::kernel
