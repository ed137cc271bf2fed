// Who may ask what. Pure: the request's header fields in, a decision out.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/admin/token.hpp"

namespace weir::admin {

enum class Access {
  allowed,
  bad_host,        // no Host where HTTP/1.1 asks for one, or more than one
  foreign_host,    // a name that is not this service's: DNS rebinding
  foreign_origin,  // another site's page asks
  no_token,        // missing or wrong
};

// What a route lets happen.
enum class Kind {
  probe,  // says only that weir is alive; open to all
  page,   // a file of the status page: the same everywhere, nothing of this network is in it
  read,
  change,  // changes the gateway's state
};

struct Asked {
  Kind kind = Kind::read;
  bool http_1_0 = false;  // which knows no Host
  std::size_t hosts = 1;  // how many Host fields there are
  std::string_view host;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> fetch_site;  // Sec-Fetch-Site
  std::string_view authorization;
};

Access judge(const Asked&, const std::optional<Token>& token);

}  // namespace weir::admin
