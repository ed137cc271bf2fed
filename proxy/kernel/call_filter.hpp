// seccomp: system calls that weir never makes, refused from now on.
//
// A list of what is refused, not of what is allowed: glibc and the libraries make other calls from one Debian to the
// next, and on paths that no test walks; a gateway that cannot allocate or tell the time because of a list that is a
// year old is worse than what is left open here. How long the list is costs nothing: the kernel
// keeps a bitmap of the calls that a filter lets pass whatever their arguments (Linux 5.11).
#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace weir::kernel {

bool seccomp_available();

// For all threads of this process. Needs no_new_privs.
boost::system::result<void, std::string> refuse_calls();

}  // namespace weir::kernel
