// conf/block.html, put into the program at build time by cmake/embed.cmake.
#pragma once

#include <string_view>

namespace weir::http {

extern const std::string_view block_html;

}  // namespace weir::http
