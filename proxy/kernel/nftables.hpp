// libnftables: text in, text or one sentence out. A text is one transaction.
#pragma once

#include <memory>
#include <string>

#include <boost/system/result.hpp>

struct nft_ctx;

namespace weir::kernel {

class Nftables {
 public:
  static boost::system::result<Nftables, std::string> open();

  // Applies the text, all or nothing; what `list` commands print is the value.
  boost::system::result<std::string, std::string> run(const std::string& text);
  // The same against the kernel, without the last step: what `nft --check` does.
  boost::system::result<void, std::string> check(const std::string& text);

 private:
  struct Free {
    void operator()(nft_ctx*) const;
  };
  explicit Nftables(nft_ctx* context) : context_(context) {}
  std::unique_ptr<nft_ctx, Free> context_;
};

// What libnftables wrote on an error ("internal:0:0-0: Error: Could not process rule: …", the rule, a line of carets,
// for every rule), as one sentence with the remedy. Pure.
std::string nftables_sentence(const std::string& error_output);

}  // namespace weir::kernel
