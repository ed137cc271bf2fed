// What a rule does to header fields: set_request_headers, remove_request_headers and their like for responses.
#pragma once

#include "conf/section.hpp"
#include "policy/header_edits.hpp"

namespace weir::conf {

// The first of the four keys that is there, to show a problem with them at.
const toml::node* read_header_edits(Section&, policy::HeaderEdits&);

}  // namespace weir::conf
