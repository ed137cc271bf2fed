// A terminal taken over whole, and given back as it was.
#pragma once

#include <string_view>
#include <vector>

#include <termios.h>

#include "proxy/admin/client/glance_report.hpp"

namespace weir::program {

class Screen {
 public:
  Screen();  // of standard input and output; the latter is a terminal
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Where keys come from, or -1: nobody is there to press any. Not standard input itself, which others may share:
  // whoever waits for it makes it non-blocking.
  int keys() const { return keys_; }
  admin::ScreenSize size() const;
  // In place of what is shown. False: the terminal is gone.
  bool draw(const std::vector<admin::GlanceLine>&);

 private:
  int keys_ = -1;
  termios before_{};
};

// All of it, however the other end takes it. False: the other end is gone.
bool write_whole(int fd, std::string_view text);

}  // namespace weir::program
