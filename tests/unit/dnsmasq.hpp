// A real name server of the test's own, in the thread's network namespace. Debian's dnsmasq-base.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/net/socket.hpp"

namespace weir::test {

class Dnsmasq {
 public:
  // On port 53 of loopback; `options` are its records.
  explicit Dnsmasq(const std::vector<std::string>& options) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    log_ = net::Descriptor(ends[0]);
    const net::Descriptor write_end(ends[1]);
    std::vector<std::string> arguments{
        "dnsmasq",     "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",       "--no-hosts",
        "--user=root", "--pid-file",           "--log-facility=-",      "--bind-interfaces", "--interface=lo"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(write_end.get(), STDERR_FILENO);
      execvp(pointers.front(), pointers.data());
      _exit(127);
    }
  }
  Dnsmasq(const Dnsmasq&) = delete;
  Dnsmasq& operator=(const Dnsmasq&) = delete;
  ~Dnsmasq() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

  // Waits for its word that it serves, which comes when it has bound its sockets; empty then, else why it does not run.
  std::string trouble() {
    constexpr auto kServes = "started, version";
    std::string log;
    char byte = 0;
    while (log.find(kServes) == std::string::npos && read(log_.get(), &byte, 1) == 1) log += byte;
    if (log.find(kServes) != std::string::npos) return "";
    return log.empty() ? "dnsmasq is missing: scripts/setup" : log;
  }

 private:
  pid_t child_ = -1;
  net::Descriptor log_;
};

}  // namespace weir::test
