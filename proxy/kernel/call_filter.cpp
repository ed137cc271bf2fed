#include "proxy/kernel/call_filter.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>

#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir::kernel {
namespace {

using Filter = std::unique_ptr<void, void (*)(void*)>;

// Nothing that weir is made of makes these, so whoever does is not weir any more.
constexpr std::array kDeadly{
    "execve",        "execveat",   "init_module",     "finit_module",      "delete_module",
    "create_module", "kexec_load", "kexec_file_load", "process_vm_writev",
};

constexpr std::array kRefused{
    // other processes, and more of them
    "fork",
    "vfork",
    "ptrace",
    "process_vm_readv",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
    // another account, other capabilities, other namespaces
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    "setns",
    "unshare",
    "personality",
    // the file system's shape, and ways around its paths
    "mount",
    "umount",
    "umount2",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "pivot_root",
    "chroot",
    "mknod",
    "mknodat",
    "name_to_handle_at",
    "open_by_handle_at",
    "fanotify_init",
    "swapon",
    "swapoff",
    "quotactl",
    "quotactl_fd",
    "acct",
    "memfd_create",
    "memfd_secret",
    // the kernel's wide doors
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "add_key",
    "request_key",
    "keyctl",
    "lookup_dcookie",
    "nfsservctl",
    "uselib",
    "remap_file_pages",
    "modify_ldt",
    "iopl",
    "ioperm",
    "vhangup",
    // the machine
    "reboot",
    "syslog",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "stime",
    "sethostname",
    "setdomainname",
};

// Address families that weir has sockets of.
constexpr std::array kFamilies{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

class Builder {
 public:
  explicit Builder(scmp_filter_ctx filter) : filter_(filter) {}

  // A call that this architecture or this libseccomp does not know is passed over.
  void refuse(const char* name, std::uint32_t action) { add(name, action, nullptr, 0); }
  void refuse(const char* name, std::uint32_t action, const scmp_arg_cmp& where) { add(name, action, &where, 1); }
  int error() const { return error_; }

 private:
  void add(const char* name, std::uint32_t action, const scmp_arg_cmp* where, unsigned count) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || error_ != 0) return;
    error_ = seccomp_rule_add_array(filter_, action, number, count, where);
  }

  scmp_filter_ctx filter_;
  int error_ = 0;
};

constexpr scmp_arg_cmp argument(unsigned index, scmp_compare compare, scmp_datum_t a, scmp_datum_t b = 0) {
  return {.arg = index, .op = compare, .datum_a = a, .datum_b = b};
}

// A thread is made, a process is not. What clone3 makes cannot be seen by a filter; without it glibc uses clone.
void refuse_processes(Builder& builder) {
  builder.refuse("clone3", SCMP_ACT_ERRNO(ENOSYS));
  builder.refuse("clone", SCMP_ACT_ERRNO(EPERM), argument(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

// No memory that can be written becomes code. The dynamic linker maps its files' code as such.
void refuse_new_code(Builder& builder) {
  constexpr scmp_datum_t kBoth = PROT_WRITE | PROT_EXEC;
  builder.refuse("mmap", SCMP_ACT_ERRNO(EPERM), argument(2, SCMP_CMP_MASKED_EQ, kBoth, kBoth));
  for (const auto* name : {"mprotect", "pkey_mprotect"})
    builder.refuse(name, SCMP_ACT_ERRNO(EPERM), argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
}

// With CAP_NET_ADMIN, to ask for a socket of any other family would have the kernel load its module.
void refuse_families(Builder& builder) {
  constexpr auto kHighest = AF_NETLINK;
  builder.refuse("socket", SCMP_ACT_ERRNO(EAFNOSUPPORT), argument(0, SCMP_CMP_GT, kHighest));
  for (int family = 0; family < kHighest; ++family) {
    bool used = false;
    for (const int other : kFamilies) used = used || other == family;
    if (!used)
      builder.refuse("socket", SCMP_ACT_ERRNO(EAFNOSUPPORT),
                     argument(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
  }
}

}  // namespace

bool seccomp_available() {
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

boost::system::result<void, std::string> refuse_calls() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), seccomp_release);
  if (!filter) return std::string("seccomp_init failed");
  Builder builder(filter.get());
  for (const auto* name : kDeadly) builder.refuse(name, SCMP_ACT_KILL_PROCESS);
  for (const auto* name : kRefused) builder.refuse(name, SCMP_ACT_ERRNO(EPERM));
  refuse_processes(builder);
  refuse_new_code(builder);
  refuse_families(builder);
  int error = builder.error();
  if (error == 0) error = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (error == 0) error = seccomp_load(filter.get());
  if (error != 0) return std::error_code(-error, std::system_category()).message();
  return {};
}

}  // namespace weir::kernel
