// What is known of a flow when it is judged. It grows stage by stage: the SYN, the ClientHello, the HTTP request.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "policy/address.hpp"
#include "policy/domain_name.hpp"

namespace weir::policy {

enum class Transport : std::uint8_t { tcp, mptcp };

// Three states: not known yet; known not to be there, now or ever; known.
template <typename T>
class Fact {
 public:
  Fact() = default;                                             // unknown
  Fact(T value) : value_(std::move(value)), unknown_(false) {}  // NOLINT(google-explicit-constructor)
  static Fact absent() {
    Fact fact;
    fact.unknown_ = false;
    return fact;
  }

  bool is_unknown() const { return unknown_; }
  bool is_known() const { return value_.has_value(); }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  bool unknown_ = true;
};

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

struct HttpRequest {
  std::string_view method;
  std::string_view path;  // of the target, without the query, in its normal form (normal_path.hpp)
  std::span<const HeaderField> fields;
};

// Made for a call of `decide`: what the views show must outlive that call only.
struct Facts {
  Address client;
  Endpoint destination;
  Transport transport = Transport::tcp;
  Fact<DomainName> domain{};                  // SNI; Host where there is none
  Fact<bool> name_confirmed{};                // whether the name and the destination have been seen to belong together
  Fact<std::span<const std::string>> alpn{};  // what the client offers
  Fact<HttpRequest> request{};
  bool encrypted = false;  // a ClientHello came: a request is to be seen only after decryption

  // No more will be known: a flow that is neither TLS nor HTTP, or whose first bytes did not come in time.
  void nothing_more() {
    if (domain.is_unknown()) domain = Fact<DomainName>::absent();
    // A flow without a name claims nothing that could be true or false. One with a name that nobody looked up has not
    // been seen where it claims to be: no rule may believe it for that.
    if (name_confirmed.is_unknown()) name_confirmed = domain.is_known() ? Fact<bool>(false) : Fact<bool>::absent();
    if (alpn.is_unknown()) alpn = Fact<std::span<const std::string>>::absent();
    if (request.is_unknown()) request = Fact<HttpRequest>::absent();
  }
};

}  // namespace weir::policy
