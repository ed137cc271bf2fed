// What a route answers, before it is put into HTTP.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

namespace weir::admin {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

struct Reply {
  boost::beast::http::status status = boost::beast::http::status::ok;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<boost::beast::http::field, std::string>> fields;
  std::function<void()> afterwards;  // once the reply has been sent
};

// With the length, the date, and the fields that keep browsers from misusing it.
Response to_response(Reply, unsigned version, bool keep_alive);

}  // namespace weir::admin
