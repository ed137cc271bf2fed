// The API's answers as text for people: `weir status`, `weir flows`, `weir flow ID`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

namespace weir::admin {

std::string status_report(const boost::json::value& status);
std::string flows_report(const boost::json::value& flows);
std::string flow_report(const boost::json::value& flow);

std::string explanation_report(const boost::json::value& explanation);
std::string bypass_report(const boost::json::value& list);
std::string exceptions_report(const boost::json::value& exceptions);
std::string joins_report(const boost::json::value& joins);

// What an answer that is not a success says: its problem's detail, and each problem of a configuration on its line.
std::string problem_report(unsigned status, std::string_view body);

}  // namespace weir::admin
