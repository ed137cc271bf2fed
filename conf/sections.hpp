// A reader for each table of weir.toml: its keys, their ranges and the checks between them, side by side.
#pragma once

#include <filesystem>

#include "conf/section.hpp"
#include "conf/settings.hpp"

namespace weir::conf {

// `folder`: where relative paths start.
void read_gateway(Section, GatewaySettings&);
// mptcp.on_syn is the policy's.
void read_mptcp(Section, Problems&, MptcpSettings&, policy::OnSyn&);
// tls.decrypt is the policy's.
void read_tls(Section, Problems&, const std::filesystem::path& folder, TlsSettings&, policy::Tls& by_default);
void read_http(Section, HttpSettings&);
void read_quic(Section, QuicSettings&);
void read_dns(Section, DnsSettings&);
void read_admin(Section, const std::filesystem::path& folder, const GatewaySettings&, AdminSettings&);
void read_log(Section, const std::filesystem::path& folder, LogSettings&);

}  // namespace weir::conf
