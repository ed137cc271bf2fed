// Decryption as the admin service shows it: whose certificates clients meet, and what is not decrypted any more.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/address.hpp"
#include "proxy/flow/tls_cause.hpp"

namespace weir::admin {

struct CaStatus {
  std::string subject;
  std::chrono::system_clock::time_point expires;  // it, or what it hangs on
  std::string sha256;                             // "AB:CD:…", of what clients install
};

// Leaves made to match origins' certificates; all begin anew at a reload.
struct LeafStatus {
  std::uint64_t made = 0;
  std::uint64_t hits = 0;  // of the cache
  std::size_t kept = 0;
};

struct TlsException {
  flow::TlsCause cause = flow::TlsCause::rejected;
  std::optional<policy::Address> client;        // of a client's cause
  std::optional<policy::Endpoint> destination;  // of an origin's
  std::string name;
  std::chrono::seconds left{0};
};

struct TlsStatus {
  bool decrypts = false;
  CaStatus ca;  // where it decrypts
  LeafStatus leaves;
  std::size_t exceptions = 0;
  std::vector<TlsException> first_exceptions;  // a few of them, those that end first
};

// What clients install.
struct CaFiles {
  std::string der;
  std::string pem;
  std::string mobileconfig;
};

}  // namespace weir::admin
