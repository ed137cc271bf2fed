// `weir status --watch`: the running gateway at a glance, cut to a terminal's size. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

namespace weir::admin {

// What the live stream has told so far.
class Glimpse {
 public:
  boost::json::value status;
  boost::json::value summary;
  boost::json::value sample;   // the newest
  std::uint64_t interval = 5;  // of samples, in seconds
  std::string trouble;         // why nothing comes; empty while it does

  // One message of the stream; true where it is time to show what there is by now.
  bool take(const std::string& type, const std::string& data);

 private:
  bool waits_for_summary_ = false;
};

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

struct GlanceLine {
  std::string text;  // nothing in it that a terminal would obey
  bool is_heading = false;
};

std::vector<GlanceLine> glance_report(const Glimpse&, ScreenSize);

}  // namespace weir::admin
