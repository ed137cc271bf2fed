// `weir ca init|show|export`: the certificate authority that clients are to trust.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <unistd.h>

#include "conf/reader.hpp"
#include "pki/authority.hpp"
#include "proxy/program/command.hpp"

namespace weir::program {
namespace {

struct Options {
  std::string config;  // empty: the default one, if it is there
  std::string certificate;
  std::string key;
  pki::NewAuthority wanted;
  bool if_missing = false;
  std::string format = "pem";
  std::string output;
};

struct CaFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

int failed(const std::string& error) {
  std::fprintf(stderr, "weir: error: %s\n", error.c_str());
  return 1;
}

// As given, else as [tls] of the configuration says, else the defaults. The default configuration need not be there: a
// CA may be made before it. An error is a sentence, or a line for each problem.
boost::system::result<CaFiles, std::string> files(const Options& options, bool with_key) {
  conf::TlsSettings tls;
  const bool wanted = options.certificate.empty() || (with_key && options.key.empty());
  const std::string file = options.config.empty() ? kDefaultConfiguration : options.config;
  std::error_code ignored;
  if (wanted && (!options.config.empty() || std::filesystem::exists(file, ignored))) {
    const auto reading = conf::read_file(file);
    std::string problems;
    for (const auto& problem : reading.problems) problems += (problems.empty() ? "" : "\n") + problem.text();
    if (!problems.empty())
      return {boost::system::in_place_error,
              problems + "\nput the configuration right, or name the files with --certificate and --key"};
    tls = reading.settings.tls;
  }
  if (!options.certificate.empty()) tls.ca_certificate = options.certificate;
  if (!options.key.empty()) tls.ca_key = options.key;
  return CaFiles{.certificate = tls.ca_certificate, .key = tls.ca_key};
}

bool both_are_there(const CaFiles& named) {
  std::error_code ignored;
  return std::filesystem::exists(named.certificate, ignored) && std::filesystem::exists(named.key, ignored);
}

// One that is there is said to be, and has to be good: what starts after this command counts on it.
int keep(const CaFiles& named) {
  const auto authority = pki::Authority::load(named.certificate, named.key);
  if (!authority) return failed(authority.error());
  std::printf("%s and %s are there already and stay\n%s", named.certificate.c_str(), named.key.c_str(),
              pki::describe(*authority->root()).c_str());
  return 0;
}

int init(const Options& options) {
  const auto named = files(options, true);
  if (!named) return failed(named.error());
  if (options.if_missing && both_are_there(*named)) return keep(*named);
  const auto& [certificate, key] = *named;
  if (const auto made = pki::make_authority(certificate, key, options.wanted); !made) return failed(made.error());
  const auto read = pki::read_certificate(certificate);
  if (!read) return failed(read.error());
  std::printf("made %s, for clients to trust, and %s, which must stay here\n%s", certificate.c_str(), key.c_str(),
              pki::describe(**read).c_str());
  std::printf("next: give clients the certificate (`weir ca export --help`) and have them compare the fingerprint\n");
  return 0;
}

// Where the file holds a chain, the one that signs and the one that clients install.
int show(const Options& options) {
  const auto named = files(options, false);
  if (!named) return failed(named.error());
  const auto signing = pki::read_certificate(named->certificate);
  const auto root = pki::read_root(named->certificate);
  if (!signing || !root) return failed(signing ? root.error() : signing.error());
  std::printf("%s", pki::describe(**root).c_str());
  if (pki::fingerprint(**root) != pki::fingerprint(**signing))
    std::printf("\nbelow it, what signs the certificates that clients meet:\n%s", pki::describe(**signing).c_str());
  return 0;
}

std::string in_format(const X509& certificate, const std::string& format) {
  if (format == "der") return pki::to_der(certificate);
  return format == "mobileconfig" ? pki::to_mobileconfig(certificate) : pki::to_pem(certificate);
}

int write_to(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  return file ? 0 : failed(path + " cannot be written");
}

int export_root(const Options& options) {
  if (options.output.empty() && options.format == "der" && isatty(STDOUT_FILENO) == 1)
    return failed("DER is no text for a terminal; name a file with --output, or redirect");
  const auto named = files(options, false);
  if (!named) return failed(named.error());
  const auto root = pki::read_root(named->certificate);
  if (!root) return failed(root.error());
  const auto content = in_format(**root, options.format);
  if (!options.output.empty()) return write_to(options.output, content);
  const bool written =
      std::fwrite(content.data(), 1, content.size(), stdout) == content.size() && std::fflush(stdout) == 0;
  return written ? 0 : failed("standard output cannot be written");
}

CLI::App* add_one(CLI::App& ca, Action& chosen, const char* name, const char* help,
                  const std::shared_ptr<Options>& options, int (*run)(const Options&)) {
  auto* command = ca.add_subcommand(name, help);
  command->add_option("-c,--config", options->config, "the configuration, whose [tls] names the files")
      ->type_name("FILE")
      ->default_str(kDefaultConfiguration);
  command->add_option("--certificate", options->certificate, "instead of tls.ca_certificate")->type_name("FILE");
  command->callback([&chosen, options, run] { chosen = [options, run] { return run(*options); }; });
  return command;
}

void add_init(CLI::App& ca, Action& chosen, const std::shared_ptr<Options>& options) {
  auto* command = add_one(ca, chosen, "init", "make one: a root certificate and its key", options, init);
  command->add_option("--key", options->key, "instead of tls.ca_key")->type_name("FILE");
  command->add_flag("--if-missing", options->if_missing, "keep the one that is there, and say so, instead of failing");
  command->add_option("--name", options->wanted.name, "what clients see it called")->capture_default_str();
  command->add_option("--years", options->wanted.years, "how long it is valid")
      ->check(CLI::Range(1, 30))
      ->capture_default_str();
  command->add_option("--only-for", options->wanted.only_for, "a domain; it may speak for those given and no others")
      ->type_name("DOMAIN")
      ->allow_extra_args(false);
}

}  // namespace

void add_ca(CLI::App& app, Action& chosen) {
  auto* ca = app.add_subcommand("ca", "the certificate authority that clients are to trust");
  ca->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_init(*ca, chosen, options);
  add_one(*ca, chosen, "show", "its certificate, with the fingerprint", options, show);
  auto* exporting = add_one(*ca, chosen, "export", "its certificate, as clients install it", options, export_root);
  exporting->add_option("--format", options->format, "pem; der (Windows, Android); mobileconfig (Apple)")
      ->check(CLI::IsMember({"pem", "der", "mobileconfig"}))
      ->capture_default_str();
  exporting->add_option("--output", options->output, "instead of standard output")->type_name("FILE");
}

}  // namespace weir::program
