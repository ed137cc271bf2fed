#include "proxy/program/screen.hpp"

#include <cerrno>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weir::program {
namespace {

// ECMA-48 and xterm's: the other screen and back, the cursor hidden and shown, no line wrapped.
constexpr std::string_view kTakeOver = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kGiveBack = "\x1b[?7h\x1b[?25h\x1b[?1049l";

}  // namespace

bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
    ::poll(&waiting, 1, -1);
  }
  return true;
}

Screen::Screen() {
  if (::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0)
    keys_ = ::open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  // Keys come as they are pressed, ^C among them, and ^Z is none.
  if (keys_ >= 0) {
    auto raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  }
  write_whole(STDOUT_FILENO, kTakeOver);
}

Screen::~Screen() {
  write_whole(STDOUT_FILENO, kGiveBack);
  if (keys_ < 0) return;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  ::close(keys_);
}

admin::ScreenSize Screen::size() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

// Line by line over what was there, so that nothing flickers.
bool Screen::draw(const std::vector<admin::GlanceLine>& lines) {
  std::string text = "\x1b[H";
  for (const auto& line : lines) {
    if (&line != &lines.front()) text += "\r\n";
    text += line.is_heading ? "\x1b[1m" + line.text + "\x1b[0m" : line.text;
    text += "\x1b[K";
  }
  return write_whole(STDOUT_FILENO, text + "\x1b[J");
}

}  // namespace weir::program
