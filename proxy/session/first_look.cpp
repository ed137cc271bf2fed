#include "proxy/session/first_look.hpp"

namespace weir::session {
namespace {

using detect::Protocol;
using policy::DomainName;
using policy::Fact;

Fact<DomainName> name_or_none(std::optional<DomainName> name) {
  return name ? Fact<DomainName>(std::move(*name)) : Fact<DomainName>::absent();
}

void keep_name(flow::Record& record, std::string_view as_it_came, const std::optional<DomainName>& name) {
  constexpr std::size_t kMost = 255;
  record.domain = name ? name->text() : std::string(as_it_came.substr(0, kMost));
}

}  // namespace

void FirstLook::take(std::span<const std::uint8_t> fresh) {
  bytes_.insert(bytes_.end(), fresh.begin(), fresh.end());
  detector_.look(fresh);
}

void FirstLook::add_to(policy::Facts& facts) {
  using Alpn = Fact<std::span<const std::string>>;
  if (detector_.protocol() == Protocol::tls) {
    const auto& hello = detector_.hello();
    facts.encrypted = true;
    facts.domain = name_or_none(hello.server_name ? DomainName::parse(*hello.server_name) : std::nullopt);
    if (alpn_.empty())
      for (const auto name : hello.alpn.names()) alpn_.emplace_back(name);
    facts.alpn = alpn_.empty() ? Alpn::absent() : Alpn(std::span<const std::string>(alpn_));
  }
}

void note_names(flow::Record& record, const detect::Detector& detector) {
  if (detector.protocol() == Protocol::tls) {
    const auto& hello = detector.hello();
    if (hello.server_name) keep_name(record, *hello.server_name, DomainName::parse(*hello.server_name));
    record.encrypted_client_hello = hello.encrypted_client_hello;
    for (const auto name : hello.alpn.names()) record.alpn_offered.emplace_back(name);
  } else if (detector.protocol() == Protocol::http1) {
    const auto& host = detector.request().authority;
    keep_name(record, host, DomainName::parse_host(host));
  }
}

}  // namespace weir::session
