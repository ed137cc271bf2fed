#include "proxy/kernel/nftables.hpp"

#include <sstream>

#include <linux/netlink.h>

#include <nftables/libnftables.h>

#include "proxy/kernel/capability.hpp"
#include "proxy/kernel/netlink_socket.hpp"

namespace weir::kernel {
namespace {

constexpr const char* kNeedsNetAdmin = "nftables refuses: weir needs CAP_NET_ADMIN (run it as root)";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

boost::system::result<Nftables, std::string> Nftables::open() {
  // Without it libnftables writes to standard error by itself, for each question.
  if (!has_net_admin()) return std::string(kNeedsNetAdmin);
  // libnftables ends the process where the kernel has no nfnetlink; so look first.
  if (auto netfilter = NetlinkSocket::open(NETLINK_NETFILTER); !netfilter) {
    return "the kernel has no nftables (" + netfilter.error().message() + "): load the module nf_tables";
  }
  Nftables opened(nft_ctx_new(NFT_CTX_DEFAULT));
  if (opened.context_ == nullptr) return std::string("libnftables cannot start: out of memory");
  nft_ctx_buffer_output(opened.context_.get());
  nft_ctx_buffer_error(opened.context_.get());
  return opened;
}

boost::system::result<std::string, std::string> Nftables::run(const std::string& text) {
  const int failed = nft_run_cmd_from_buffer(context_.get(), text.c_str());
  // Getting a buffer also empties it for the next command.
  std::string output = nft_ctx_get_output_buffer(context_.get());
  const std::string errors = nft_ctx_get_error_buffer(context_.get());
  if (failed != 0) return {boost::system::in_place_error, nftables_sentence(errors)};
  return {boost::system::in_place_value, std::move(output)};
}

boost::system::result<void, std::string> Nftables::check(const std::string& text) {
  nft_ctx_set_dry_run(context_.get(), true);
  auto checked = run(text);
  nft_ctx_set_dry_run(context_.get(), false);
  if (!checked) return std::move(checked).error();
  return {};
}

std::string nftables_sentence(const std::string& error_output) {
  if (contains(error_output, "Operation not permitted")) {
    return kNeedsNetAdmin;
  }
  std::istringstream lines(error_output);
  std::string line;
  while (std::getline(lines, line)) {
    const auto at = line.find("Error: ");
    if (at == std::string::npos) continue;
    std::string sentence = "nftables: " + trimmed(line.substr(at + 7));
    if (std::getline(lines, line) && !trimmed(line).empty()) sentence += ", at `" + trimmed(line) + "`";
    if (contains(sentence, "No such file or directory") || contains(sentence, "not supported")) {
      sentence += "; the kernel may lack a module for it (nft_tproxy, nft_socket, nft_fib_inet, nft_log, nft_ct)";
    }
    return sentence;
  }
  return "nftables failed without saying why: " + trimmed(error_output);
}

void Nftables::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

}  // namespace weir::kernel
