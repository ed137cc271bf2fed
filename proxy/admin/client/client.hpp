// Asks a running gateway's admin service, and waits for the answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/system/error_code.hpp>
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

// What asking takes: the endpoint (a service that listens on every address is asked on this host's own), the request,
// and the sentence for when nothing came.
policy::Endpoint reachable(policy::Endpoint);
using Call = boost::beast::http::request<boost::beast::http::string_body>;
Call make_call(const Client&, boost::beast::http::verb, const std::string& target, std::string body);
std::string no_answer(const policy::Endpoint&, const boost::system::error_code&);

// A value as a query has it (RFC 3986, 2.1).
std::string query_escaped(std::string_view value);

}  // namespace weir::admin
