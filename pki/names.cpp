#include "pki/names.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <arpa/inet.h>

#include <openssl/x509v3.h>

namespace weir::pki {
namespace {

constexpr std::size_t kMostInName = 253;  // RFC 1035, 2.3.4: 255 bytes with the lengths of the labels
constexpr std::size_t kMostInLabel = 63;

using GeneralNames = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower)
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

// RFC 5890, 2.3.1, and the underscore, which names in use have.
bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMostInLabel && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label,
                             [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_'; });
}

// What ends in such a label is an IPv4 address to clients (WHATWG URL, "ends in a number"): 1.2.3.4, 127.0x1.
bool is_number(std::string_view label) {
  if (label.starts_with("0x") || label.starts_with("0X")) return std::ranges::all_of(label.substr(2), is_hex);
  return std::ranges::all_of(label, is_digit);
}

std::string_view bytes_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// Takes names in, each once. A tree of them, not a hash: who made the certificate may have chosen names that collide.
class Collector {
 public:
  void take(const GENERAL_NAME& name) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
    if (type == GEN_DNS)
      take_dns(in_lower_case(bytes_of(value)));
    else if (type == GEN_IPADD)
      take_address(std::string(bytes_of(value)));
    else
      ++names_.left_out;
  }

  Names names() && { return std::move(names_); }

 private:
  void take_dns(std::string name) {
    if (is_dns_name(name))
      keep(std::move(name), dns_seen_, names_.dns);
    else
      ++names_.left_out;
  }

  void take_address(std::string bytes) {
    if (bytes.size() == 4 || bytes.size() == 16)
      keep(std::move(bytes), addresses_seen_, names_.addresses);
    else
      ++names_.left_out;
  }

  void keep(std::string value, std::set<std::string>& seen, std::vector<std::string>& kept) {
    if (seen.contains(value)) return;
    if (names_.dns.size() + names_.addresses.size() == kMostNames) {
      ++names_.left_out;
      return;
    }
    seen.insert(value);
    kept.push_back(std::move(value));
  }

  Names names_;
  std::set<std::string> dns_seen_;
  std::set<std::string> addresses_seen_;
};

std::optional<std::string> address_bytes(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 4);
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 16);
  return std::nullopt;
}

}  // namespace

bool is_dns_name(std::string_view name) {
  if (name.size() > kMostInName) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  while (true) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !is_number(label);
    name.remove_prefix(dot + 1);
  }
}

Names names_of(const X509& certificate) {
  int found = 0;
  const GeneralNames list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, &found, nullptr)));
  constexpr int kNone = -1;
  if (!list) return {.left_out = found == kNone ? 0U : 1U};  // there, but damaged or twice
  Collector collector;
  for (int i = 0; i < sk_GENERAL_NAME_num(list.get()); ++i) collector.take(*sk_GENERAL_NAME_value(list.get(), i));
  return std::move(collector).names();
}

std::optional<Names> name_for(std::string_view name_or_address) {
  if (auto bytes = address_bytes(name_or_address)) return Names{.addresses = {*std::move(bytes)}};
  if (name_or_address.ends_with('.')) name_or_address.remove_suffix(1);
  // A wildcard is nothing to ask for.
  if (!is_dns_name(name_or_address) || name_or_address.front() == '*') return std::nullopt;
  return Names{.dns = {in_lower_case(name_or_address)}};
}

}  // namespace weir::pki
