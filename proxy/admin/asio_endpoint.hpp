// weir's endpoint as Asio's.
#pragma once

#include <algorithm>

#include <boost/asio/ip/tcp.hpp>

#include "policy/address.hpp"

namespace weir::admin {

inline boost::asio::ip::tcp::endpoint asio_endpoint(const policy::Endpoint& endpoint) {
  namespace ip = boost::asio::ip;
  if (!endpoint.address.is_v4()) return {ip::address_v6(endpoint.address.bytes()), endpoint.port};
  ip::address_v4::bytes_type bytes{};
  std::ranges::copy(endpoint.address.v4_bytes(), bytes.begin());
  return {ip::address_v4(bytes), endpoint.port};
}

}  // namespace weir::admin
