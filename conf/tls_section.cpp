// [tls]
#include "conf/sections.hpp"

namespace weir::conf {
namespace {

constexpr std::chrono::milliseconds kLeastTimeout{1};
constexpr std::string_view kSystem = "system";

void read_path(Section& section, std::string_view key, const std::filesystem::path& folder,
               std::filesystem::path& path) {
  std::string text;
  const auto* node = section.read(key, text);
  if (node == nullptr) return;
  if (text.empty())
    section.problem(*node, std::string(key) + " must be a file's path");
  else
    path = folder / text;
}

// An empty one is off, as admin.token_file is.
void read_key_log(Section& section, const std::filesystem::path& folder, std::filesystem::path& path) {
  std::string text;
  if (section.read("key_log", text) != nullptr && !text.empty()) path = folder / text;
}

void read_undecryptable(Section section, Undecryptable& undecryptable) {
  for (const auto& [key, action] :
       {std::pair{"client_certificate", &undecryptable.client_certificate},
        std::pair{"protocol", &undecryptable.protocol}, std::pair{"ech", &undecryptable.encrypted_client_hello},
        std::pair{"not_tls", &undecryptable.not_tls}})
    section.read<Instead>(key, *action, {{"passthrough", Instead::passthrough}, {"block", Instead::block}});
  section.finish();
}

void read_remember_rejection(Section& section, TlsSettings& tls) {
  constexpr std::chrono::milliseconds kLeast = std::chrono::seconds(1);
  const auto* node = section.read("remember_rejection", tls.remember_rejection, std::chrono::milliseconds(0));
  if (node != nullptr && tls.remember_rejection.count() != 0 && tls.remember_rejection < kLeast)
    section.problem(*node, "remember_rejection must be at least \"1s\", or \"0\" to remember none");
}

}  // namespace

void read_tls(Section section, Problems& problems, const std::filesystem::path& folder, TlsSettings& tls,
              policy::Tls& by_default) {
  bool decrypt = false;
  if (section.read("decrypt", decrypt) != nullptr)
    by_default = decrypt ? policy::Tls::decrypt : policy::Tls::passthrough;
  read_path(section, "ca_certificate", folder, tls.ca_certificate);
  read_path(section, "ca_key", folder, tls.ca_key);
  const auto* trust = section.read("upstream_trust", tls.upstream_trust);
  if (trust != nullptr && tls.upstream_trust.empty())
    section.problem(*trust, "upstream_trust must be \"system\" or the path of a PEM file");
  else if (trust != nullptr && tls.upstream_trust != kSystem)
    tls.upstream_trust = (folder / tls.upstream_trust).string();
  section.read<OnUntrusted>("on_untrusted_upstream", tls.on_untrusted_upstream,
                            {{"block", OnUntrusted::block}, {"mirror", OnUntrusted::mirror}});
  section.read<TlsVersion>("minimum_version", tls.minimum_version,
                           {{"1.2", TlsVersion::tls12}, {"1.3", TlsVersion::tls13}});
  section.read<Instead>("on_client_rejection", tls.on_client_rejection,
                        {{"passthrough", Instead::passthrough}, {"block", Instead::block}});
  read_remember_rejection(section, tls);
  section.read("handshake_timeout", tls.handshake_timeout, kLeastTimeout);
  read_key_log(section, folder, tls.key_log);
  const auto* undecryptable = section.table("undecryptable");
  section.finish();
  read_undecryptable(Section("tls.undecryptable", undecryptable, problems), tls.undecryptable);
}

}  // namespace weir::conf
