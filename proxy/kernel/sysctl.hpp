// What weir needs under /proc/sys: the plan of changes, and how each is undone.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "conf/settings.hpp"

namespace weir::kernel {

struct Sysctl {
  std::string name;  // a path, since an interface's name may hold a dot: "net/ipv4/conf/eth0.5/forwarding"
  std::string value;
  friend bool operator==(const Sysctl&, const Sysctl&) = default;
};

// As sysctl(8) prints a name: dots and slashes change places.
std::string dotted(std::string name);

class SysctlTree {
 public:
  explicit SysctlTree(std::filesystem::path root = "/proc/sys") : root_(std::move(root)) {}

  std::optional<std::string> read(const std::string& name) const;  // nothing where this kernel has no such name
  boost::system::result<void, std::string> write(const Sysctl&) const;
  std::vector<std::string> children(const std::string& name) const;  // sorted

 private:
  std::filesystem::path root_;
};

// What these settings need, in the order of writing; names this kernel has not are left out.
std::vector<Sysctl> needed_sysctls(const conf::Settings&, const SysctlTree&);

// Of those, what somebody else must have set where weir cannot write, as in a container. An interface's accept_ra is
// not among them: it counts only while forwarding is being turned on.
std::vector<Sysctl> missing_sysctls(const conf::Settings&, const SysctlTree&);

// How a container is given these: "start the container with --sysctl net.ipv4.ip_forward=1 …".
std::string outside_remedy(const std::vector<Sysctl>& missing);

// The values from before `needed` is written, in the order of putting back: of each name whose value differs, and of
// what the kernel changes along with those.
std::vector<Sysctl> values_to_save(const std::vector<Sysctl>& needed, const SysctlTree&);

}  // namespace weir::kernel
