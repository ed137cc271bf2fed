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

// The values from before `needed` is written, in the order of putting back: of each name whose value differs, and of
// what the kernel changes along with those.
std::vector<Sysctl> values_to_save(const std::vector<Sysctl>& needed, const SysctlTree&);

}  // namespace weir::kernel
