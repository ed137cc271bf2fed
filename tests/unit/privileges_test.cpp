// What a process may do once it has given up its privileges and raised its fence: each in a child of the test.
#include "proxy/kernel/privileges.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/closed_file.hpp"
#include "proxy/kernel/call_filter.hpp"
#include "proxy/kernel/capability.hpp"
#include "proxy/kernel/fence.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;

namespace {

constexpr uid_t kDaemon = 1;

// What `body` says, in a process of its own; "signal N" where that ended it.
std::string in_child(const std::function<std::string()>& body) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto text = body();
    const auto written = ::write(ends[1], text.data(), text.size());
    _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  char piece[4096];
  for (ssize_t size = 0; (size = ::read(ends[0], piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(size));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : text;
}

// "0", or the error's name.
std::string outcome(long result) { return result >= 0 ? "0" : strerrorname_np(errno); }

std::string status_of_process() {
  std::ifstream file("/proc/thread-self/status");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string error_of(const boost::system::result<void, std::string>& result) {
  return result ? std::string() : result.error();
}

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path file(const std::string& name, mode_t mode, uid_t owner = 0) const {
    const auto file = std::filesystem::path(path_) / name;
    std::ofstream(file) << "text\n";
    REQUIRE((chmod(file.c_str(), mode) == 0 && chown(file.c_str(), owner, owner) == 0));
    return file;
  }
  std::filesystem::path path() const { return path_; }
  void open_to_all() const { REQUIRE(chmod(path_.c_str(), 0755) == 0); }

 private:
  std::string path_ = "/tmp/weir-privileges-XXXXXX";
};

// A fenced child of gateway.fence's usual configuration.
std::string behind_fence(const std::function<std::string()>& body) {
  return in_child([&]() -> std::string {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no_new_privs";
    if (const auto refused = kernel::refuse_calls(); !refused) return refused.error();
    return body();
  });
}

}  // namespace

TEST_CASE("gateway.user: an account that is not there is an error with its remedy", "[privileges]") {
  const auto account = kernel::account_to_become("no-such-account");
  REQUIRE(account.has_error());
  CHECK_THAT(account.error(), ContainsSubstring("gateway.user: there is no account 'no-such-account'"));
  CHECK_THAT(account.error(), ContainsSubstring("useradd"));
}

TEST_CASE("gateway.user: who runs already as that account stays", "[privileges]") {
  const auto account = kernel::account_to_become(conf::account_name());
  REQUIRE(account.has_value());
  CHECK_FALSE(account->has_value());
}

TEST_CASE("privileges: another account, two capabilities and no way back", "[privileges][root]") {
  WEIR_NEEDS_ROOT();
  const auto account = kernel::account_to_become("daemon");
  REQUIRE((account.has_value() && account->has_value() && (*account)->user == kDaemon));
  const auto seen = in_child([&] {
    const auto error = error_of(kernel::give_up_privileges(*account));
    return error + "\n" + status_of_process() + "setuid " + outcome(setuid(0)) + "\n" +
           kernel::capabilities_in_effect() + "\ndumpable " + std::to_string(prctl(PR_GET_DUMPABLE));
  });
  CHECK(seen.starts_with("\n"));
  for (const auto* line : {"Uid:\t1\t1\t1\t1\n", "Gid:\t1\t1\t1\t1\n", "Groups:\t \n", "CapInh:\t0000000000000000\n",
                           "CapPrm:\t0000000000001400\n", "CapEff:\t0000000000001400\n", "CapBnd:\t0000000000000000\n",
                           "CapAmb:\t0000000000000000\n", "NoNewPrivs:\t1\n", "setuid EPERM\n", "dumpable 0"})
    CHECK_THAT(seen, ContainsSubstring(line));
  CHECK_THAT(seen, ContainsSubstring("CAP_NET_ADMIN"));
}

TEST_CASE("privileges: root that stays root has no more of them", "[privileges][root]") {
  WEIR_NEEDS_ROOT();
  const auto seen = in_child([] {
    const auto error = error_of(kernel::give_up_privileges({}));
    return error + "\n" + status_of_process() + "chown " + outcome(chown("/etc/passwd", 1, 1));
  });
  for (const auto* line : {"Uid:\t0\t0\t0\t0\n", "Groups:\t \n", "CapPrm:\t0000000000001400\n",
                           "CapBnd:\t0000000000000000\n", "chown EPERM"})
    CHECK_THAT(seen, ContainsSubstring(line));
}

TEST_CASE("privileges: without CAP_SETPCAP, as in a container, all but the bounding set", "[privileges][root]") {
  WEIR_NEEDS_ROOT();
  const auto account = kernel::account_to_become("daemon");
  const auto seen = in_child([&]() -> std::string {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[2]{};
    for (const unsigned capability : {unsigned{CAP_NET_ADMIN}, unsigned{CAP_SETUID}, unsigned{CAP_SETGID}})
      data[0].permitted |= 1U << capability;
    data[0].effective = data[0].permitted;
    if (syscall(SYS_capset, &header, data) != 0) return "capset";
    const auto error = error_of(kernel::give_up_privileges(*account));
    return error + "\n" + status_of_process();
  });
  CHECK(seen.starts_with("\n"));
  for (const auto* line : {"Uid:\t1\t1\t1\t1\n", "CapInh:\t0000000000000000\n", "CapPrm:\t0000000000001000\n",
                           "CapEff:\t0000000000001000\n", "CapAmb:\t0000000000000000\n", "NoNewPrivs:\t1\n"})
    CHECK_THAT(seen, ContainsSubstring(line));
}

TEST_CASE("fence: what weir never does is deadly or refused", "[privileges]") {
  if (!kernel::seccomp_available()) return;
  const auto killed = "signal " + std::to_string(SIGSYS);
  // A path that is not there: without the fence ENOENT.
  CHECK(behind_fence([] { return outcome(syscall(SYS_execve, "/no/program", nullptr, nullptr)); }) == killed);
  CHECK(behind_fence([] { return outcome(syscall(SYS_init_module, nullptr, 0, "")); }) == killed);
  const auto results = behind_fence([] {
    std::string all;
    const auto note = [&all](long result) { all += outcome(result) + " "; };
    note(syscall(SYS_ptrace, 0, 0, 0, 0));
    note(syscall(SYS_bpf, 0, nullptr, 0));
    note(syscall(SYS_unshare, 0));
    note(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    note(syscall(SYS_io_uring_setup, 1, nullptr));
    note(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    note(syscall(SYS_clone3, nullptr, 0));
    note(mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    note(socket(AF_PACKET, SOCK_RAW, 0));
    note(socket(AF_ALG, SOCK_SEQPACKET, 0));
    note(socket(AF_APPLETALK, SOCK_DGRAM, 0));
    return all;
  });
  CHECK(results == "EPERM EPERM EPERM EPERM EPERM EPERM ENOSYS EPERM EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT ");
}

TEST_CASE("fence: what weir does goes on", "[privileges]") {
  if (!kernel::seccomp_available()) return;
  const auto results = behind_fence([] {
    std::string all;
    for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK})
      all += outcome(socket(family, SOCK_DGRAM, 0)) + " ";
    all += mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? "no" : "0";
    std::thread([&all] { all += " thread"; }).join();
    return all;
  });
  CHECK(results == "0 0 0 0 0 thread");
}

TEST_CASE("fence: files are those that the configuration names", "[privileges]") {
  if (kernel::landlock_version() == 0) return;
  const Folder named;
  const Folder other;
  const Folder logs;
  conf::Settings settings;
  settings.log.flows = logs.path() / "flows";
  const auto configuration = named.file("weir.toml", 0600);
  const auto secret = other.file("secret", 0644);
  const auto results = in_child([&]() -> std::string {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (const auto missing = kernel::raise_fence(kernel::files_within(configuration, settings)); !missing.empty())
      return missing.front();
    std::string all;
    const auto note = [&all](const std::filesystem::path& file, int flags) {
      all += outcome(::open(file.c_str(), flags | O_CLOEXEC, 0600)) + " ";
    };
    note(configuration, O_RDONLY);
    note(configuration, O_WRONLY);
    note(secret, O_RDONLY);
    note(logs.path() / "flows", O_WRONLY | O_APPEND | O_CREAT);
    note(logs.path() / "flows", O_RDONLY);
    note("/etc/resolv.conf", O_RDONLY);
    note("/etc/passwd", O_WRONLY);
    note("/proc/sys/net/ipv4/ip_forward", O_RDONLY);
    return all + conf::remedy_where_closed(secret, conf::Use::read) + " " +
           conf::remedy_where_closed(other.path() / "new", conf::Use::append);
  });
  CHECK(results.starts_with("0 EACCES EACCES 0 EACCES 0 EACCES 0 ; weir keeps to the folders"));
  CHECK_THAT(results, ContainsSubstring("restart it to have it open " + secret.string()));
  CHECK_THAT(results, ContainsSubstring("restart it to have it open " + (other.path() / "new").string()));
}

TEST_CASE("a closed file: the remedy names the account, and the folder where it is that", "[privileges][root]") {
  WEIR_NEEDS_ROOT();
  const Folder folder;
  const auto file = folder.file("ca.key", 0600);
  const auto as_daemon = [](const std::filesystem::path& path, conf::Use use) {
    return in_child([&] { return setuid(kDaemon) == 0 ? conf::remedy_where_closed(path, use) : "setuid"; });
  };
  CHECK(as_daemon(file, conf::Use::read) ==
        "; this is the account 'daemon', which may not enter " + folder.path().string() + ": let it, or move the file");
  folder.open_to_all();
  CHECK(as_daemon(file, conf::Use::read) ==
        "; this is the account 'daemon': give it the file, as by chown daemon " + file.string());
  CHECK(as_daemon(folder.path() / "flows", conf::Use::append) ==
        "; this is the account 'daemon': let it make files in " + folder.path().string() + ", as by chown daemon " +
            folder.path().string());
  CHECK(as_daemon(folder.path() / "none", conf::Use::read).empty());
  CHECK(as_daemon(folder.file("mine", 0600, kDaemon), conf::Use::read).empty());
}
