// Pieces of nftables' language, for the boxes that make the ruleset's text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::kernel {

// A SYN; with option 30; with MP_CAPABLE or MP_JOIN, subtypes 0 and 1 (RFC 8684, 3.1 and 3.2).
inline constexpr std::string_view kSyn = "tcp flags & (syn|ack) == syn";
inline constexpr std::string_view kMptcp = "tcp option mptcp exists";
inline constexpr std::string_view kNoMptcp = "tcp option mptcp missing";
inline constexpr std::string_view kCapable = "tcp option mptcp subtype 0";
inline constexpr std::string_view kJoin = "tcp option mptcp subtype 1";
// A connection that a local transparent socket holds: not its listener.
inline constexpr std::string_view kHeld = "socket transparent 1 socket wildcard 0";
// The token an MP_JOIN names, of the connection it joins.
inline constexpr std::string_view kJoinToken = "tcp option @30,32,32";

// "meta mark & 0xff000000 == 0x57000000"; `what` is "meta mark" or "ct mark".
std::string has_mark(std::string_view what, std::uint32_t mark);
std::string has_not_mark(std::string_view what, std::uint32_t mark);
std::string set_mark(std::string_view what, std::uint32_t mark);

std::string nft_list(const std::vector<std::string>& names);    // { "lan0", "lan1" }
std::string nft_list(const std::vector<std::uint16_t>& ports);  // { 80, 443 }

// A chain, set or counter of the table: a head and lines, indented.
class Block {
 public:
  explicit Block(std::string head) : text_("  " + std::move(head) + " {\n") {}
  void line(const std::string& statement) { text_ += "    " + statement + "\n"; }
  void rule(const std::string& statement, std::string_view why) {
    line(statement + " comment \"" + std::string(why) + "\"");
  }
  std::string close() && { return std::move(text_) + "  }\n"; }

 private:
  std::string text_;
};

}  // namespace weir::kernel
