#include "proxy/kernel/sysctl.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace weir::kernel {
namespace {

namespace fs = std::filesystem;

constexpr const char* kForward4 = "net/ipv4/ip_forward";
constexpr const char* kForward6 = "net/ipv6/conf/all/forwarding";

class File {
 public:
  File(const fs::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string why(const Sysctl& sysctl, int error) {
  const std::string name = dotted(sysctl.name);
  const std::string text =
      "cannot set " + name + " to " + sysctl.value + ": " + std::error_code(error, std::generic_category()).message();
  if (error == EROFS) return text + "; " + outside_remedy({sysctl});
  if (error == EACCES || error == EPERM) return text + "; weir needs CAP_NET_ADMIN (run it as root)";
  return text;
}

bool is_client(const conf::Settings& settings, const std::string& interface) {
  const auto& clients = settings.gateway.client_interfaces;
  return std::find(clients.begin(), clients.end(), interface) != clients.end();
}

// An interface that learns its addresses and routes from router advertisements goes on doing so when the host becomes
// a router only with accept_ra = 2 (Documentation/networking/ip-sysctl.rst); set before, or the kernel drops the
// learned default route. Clients' advertisements are none of a router's business.
void keep_router_advertisements(const conf::Settings& settings, const SysctlTree& tree, std::vector<Sysctl>& needed) {
  for (const auto& interface : tree.children("net/ipv6/conf")) {
    if (interface == "all" || interface == "default" || interface == "lo" || is_client(settings, interface)) continue;
    const auto base = "net/ipv6/conf/" + interface;
    if (tree.read(base + "/forwarding") == "0" && tree.read(base + "/accept_ra") == "1") {
      needed.push_back({base + "/accept_ra", "2"});
    }
  }
}

// Writing "0" to these again makes the kernel turn forwarding off on every interface, and accept redirects.
void save_companions(const std::string& name, const SysctlTree& tree, std::vector<Sysctl>& saved) {
  const std::string family = name == kForward4 ? "net/ipv4/conf" : "net/ipv6/conf";
  for (const auto& interface : tree.children(family)) {
    const auto forwarding = family + "/" + interface + "/forwarding";
    if (interface != "all" && tree.read(forwarding).value_or("0") != "0") {
      saved.push_back({forwarding, *tree.read(forwarding)});
    }
  }
  if (name == kForward4 && tree.read("net/ipv4/conf/all/accept_redirects") == "0") {
    saved.push_back({"net/ipv4/conf/all/accept_redirects", "0"});
  }
}

}  // namespace

std::string outside_remedy(const std::vector<Sysctl>& missing) {
  std::string options;
  std::string lines;
  for (const auto& sysctl : missing) {
    options += " --sysctl " + dotted(sysctl.name) + "=" + sysctl.value;
    lines += (lines.empty() ? "" : ", ") + dotted(sysctl.name) + ": " + sysctl.value;
  }
  return "start the container with" + options + " (in a compose file, sysctls: {" + lines + "})";
}

std::string dotted(std::string name) {
  for (char& c : name) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return name;
}

std::optional<std::string> SysctlTree::read(const std::string& name) const {
  const File file(root_ / name, O_RDONLY);
  char text[64];
  const auto size = file ? ::read(file.get(), text, sizeof text) : -1;
  if (size < 0) return std::nullopt;
  std::string value(text, static_cast<std::size_t>(size));
  value.erase(value.find_last_not_of(" \n") + 1);
  return value;
}

boost::system::result<void, std::string> SysctlTree::write(const Sysctl& sysctl) const {
  const File file(root_ / sysctl.name, O_WRONLY);
  if (!file || ::write(file.get(), sysctl.value.data(), sysctl.value.size()) < 0) return why(sysctl, errno);
  return {};
}

std::vector<std::string> SysctlTree::children(const std::string& name) const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator entry(root_ / name, ignored), end; entry != end; entry.increment(ignored)) {
    names.push_back(entry->path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Sysctl> needed_sysctls(const conf::Settings& settings, const SysctlTree& tree) {
  std::vector<Sysctl> needed;
  if (tree.read(kForward6) == "0") keep_router_advertisements(settings, tree, needed);
  needed.push_back({kForward4, "1"});
  needed.push_back({kForward6, "1"});
  needed.push_back({"net/mptcp/allow_join_initial_addr_port", settings.mptcp.allow_join_initial_address ? "1" : "0"});
  std::erase_if(needed, [&](const Sysctl& sysctl) { return !tree.read(sysctl.name); });
  return needed;
}

std::vector<Sysctl> missing_sysctls(const conf::Settings& settings, const SysctlTree& tree) {
  auto missing = needed_sysctls(settings, tree);
  std::erase_if(missing, [&](const Sysctl& sysctl) {
    return sysctl.name.ends_with("/accept_ra") || tree.read(sysctl.name) == sysctl.value;
  });
  return missing;
}

std::vector<Sysctl> values_to_save(const std::vector<Sysctl>& needed, const SysctlTree& tree) {
  std::vector<Sysctl> saved;
  std::vector<Sysctl> companions;
  for (const auto& sysctl : needed) {
    const auto before = tree.read(sysctl.name);
    if (!before || *before == sysctl.value) continue;
    saved.push_back({sysctl.name, *before});
    if (sysctl.name == kForward4 || sysctl.name == kForward6) save_companions(sysctl.name, tree, companions);
  }
  // Forwarding first: what it resets is set after it.
  std::stable_partition(saved.begin(), saved.end(),
                        [](const Sysctl& s) { return s.name == kForward4 || s.name == kForward6; });
  saved.insert(saved.end(), companions.begin(), companions.end());
  return saved;
}

}  // namespace weir::kernel
