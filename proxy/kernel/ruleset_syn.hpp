// The chains that decide on a SYN: bypass, joins, rules, mptcp.on_syn; and those that let a connection go past weir.
// Pure.
#pragma once

#include <string>

#include "conf/settings.hpp"
#include "policy/policy.hpp"
#include "proxy/kernel/nft_text.hpp"

namespace weir::kernel {

// How many rules the kernel needs to know: those up to the last that does with an MPTCP SYN something else than the
// default.
std::size_t rules_for_syn(const policy::Policy&);

// `syn` and the chains it goes to. It returns where the SYN is weir's.
std::string syn_chains(const conf::Settings&, const policy::Policy&);
// Packets of connections that go past weir, before their FIN.
void add_open_direct(Block& chain);
// The counters of those chains, one a bypass entry among them.
std::string syn_counters(const policy::Policy&);
std::string bypass_counter(std::size_t bypass);
// A bypass entry's counter is another's when the configuration changes; all others go on.
bool is_lasting_counter(std::string_view name);

}  // namespace weir::kernel
