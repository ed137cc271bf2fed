// Asks a running gateway's admin service, and waits for the answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/verb.hpp>
#include <boost/system/result.hpp>

#include "policy/address.hpp"
#include "proxy/admin/token.hpp"

namespace weir::admin {

struct Client {
  policy::Endpoint at;
  std::optional<Token> token{};
  std::chrono::milliseconds connect_timeout{std::chrono::seconds{5}};
  std::chrono::milliseconds answer_timeout{std::chrono::seconds{40}};  // longer than a reload may take
};

struct Answer {
  unsigned status = 0;
  std::string body;
};

// An error is a sentence for the user: who was asked, what came, what to look at.
boost::system::result<Answer, std::string> ask_gateway(const Client&, boost::beast::http::verb,
                                                       const std::string& target, std::string body = {});

// A value as a query has it (RFC 3986, 2.1).
std::string query_escaped(std::string_view value);

}  // namespace weir::admin
