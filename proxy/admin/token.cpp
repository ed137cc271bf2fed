#include "proxy/admin/token.hpp"

#include <algorithm>
#include <array>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::admin {
namespace {

using Text = boost::system::result<std::string, std::string>;

constexpr std::size_t kLongest = 4096;

class File {
 public:
  explicit File(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Both a value and an error are strings here, so which is meant must be said.
template <typename Result>
Result failed(std::string why) {
  return {boost::system::in_place_error, std::move(why)};
}

std::string last_error() { return std::error_code(errno, std::system_category()).message(); }

Text read_private(const std::filesystem::path& path) {
  const auto name = "token file " + path.string();
  const File file(path);
  struct stat facts {};
  if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) return failed<Text>(name + ": " + last_error());
  if (!S_ISREG(facts.st_mode)) return failed<Text>(name + " is not a regular file");
  // Asked of the open file, so that nobody can swap it between the question and the reading.
  if ((facts.st_mode & S_IRWXO) != 0) return failed<Text>(name + " is open to every user of this host: chmod 600 it");
  std::array<char, kLongest + 1> buffer{};
  const auto count = ::read(file.get(), buffer.data(), buffer.size());
  if (count < 0) return failed<Text>(name + ": " + last_error());
  if (static_cast<std::size_t>(count) > kLongest)
    return failed<Text>(name + " is longer than 4096 bytes: it is to hold one token");
  return Text(boost::system::in_place_value, buffer.data(), static_cast<std::size_t>(count));
}

std::string trimmed(std::string_view text) {
  constexpr auto kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

}  // namespace

boost::system::result<Token, std::string> Token::read(const std::filesystem::path& file) {
  using Result = boost::system::result<Token, std::string>;
  const auto content = read_private(file);
  if (!content) return failed<Result>(content.error());
  auto text = trimmed(*content);
  if (text.empty()) {
    return failed<Result>("token file " + file.string() +
                          " is empty: put a token in it, for example from `openssl rand -hex 32`");
  }
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return failed<Result>("token file " + file.string() +
                          " holds more than one word of visible ASCII: keep one token in it");
  }
  return Result(boost::system::in_place_value, std::move(text));
}

bool Token::equals(std::string_view guess) const {
  // Every byte of the guess is looked at; only the guess's own length shows in the time.
  auto difference = static_cast<unsigned>(guess.size() != text_.size());
  for (std::size_t i = 0; i < guess.size(); ++i) {
    difference |= static_cast<unsigned char>(guess[i] ^ text_[i % text_.size()]);
  }
  return difference == 0;
}

}  // namespace weir::admin
