// The status page's files (page/), put into the program at build time by cmake/embed.cmake.
#pragma once

#include <string_view>

namespace weir::admin::page {

extern const std::string_view index_html;
extern const std::string_view app_js;
extern const std::string_view style_css;
extern const std::string_view favicon_svg;

}  // namespace weir::admin::page
