// A domain name as it is compared: ASCII in lower case (RFC 4343), without a root dot, each label of 1 to 63 letters,
// digits, hyphens or underscores, 253 in all (RFC 1035, 2.3.4). Internationalised names are in their A-label form
// (RFC 5890), as they are on the wire. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::policy {

class DomainName {
 public:
  static constexpr std::size_t kLongest = 253;

  // Nothing for what is no name: an IP literal (RFC 6066, 3 forbids it in an SNI), odd bytes, empty labels.
  static std::optional<DomainName> parse(std::string_view text);
  // Of a Host or :authority field: a port after it is left out.
  static std::optional<DomainName> parse_host(std::string_view host);

  const std::string& text() const { return text_; }
  friend bool operator==(const DomainName&, const DomainName&) = default;

 private:
  explicit DomainName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace weir::policy
