// The heads of HTTP/2 frames as they come (RFC 9113, 4.1), whatever becomes of the frames: those that nghttp2 passes
// over without a word are counted too. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weir::http {

class H2FrameWalk {
 public:
  struct Head {
    std::size_t length = 0;
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::int32_t stream = 0;
  };

  // `preface`: bytes before the first frame.
  explicit H2FrameWalk(std::size_t preface) : skip_(preface) {}

  template <typename Visit>
  void walk(std::span<const std::uint8_t> bytes, Visit visit) {
    while (!bytes.empty()) {
      const auto skipped = std::min(skip_, bytes.size());
      skip_ -= skipped;
      bytes = bytes.subspan(skipped);
      const auto taken = std::min(head_.size() - have_, bytes.size());
      std::copy_n(bytes.begin(), taken, head_.begin() + have_);
      have_ += taken;
      bytes = bytes.subspan(taken);
      if (have_ < head_.size()) return;
      have_ = 0;
      const auto head = parsed();
      skip_ = head.length;
      note(head);
      visit(head);
    }
  }

  // What has begun, by a number of its own, and is not whole: a header block (RFC 9113, 4.3), or a frame other than
  // DATA.
  std::optional<std::uint64_t> unfinished() const {
    const bool is_whole = have_ == 0 && !continues_ && (skip_ == 0 || is_data_);
    return is_whole ? std::nullopt : std::optional(begun_);
  }

 private:
  void note(const Head& head) {
    constexpr std::uint8_t kData = 0;
    constexpr std::uint8_t kHeaders = 1;
    constexpr std::uint8_t kContinuation = 9;
    constexpr std::uint8_t kEndHeaders = 4;
    is_data_ = head.type == kData;
    if (head.type != kContinuation) ++begun_;
    if (head.type == kHeaders || head.type == kContinuation) continues_ = (head.flags & kEndHeaders) == 0;
  }

  Head parsed() const {
    constexpr unsigned kByte = 8;
    constexpr std::uint8_t kReserved = 0x7f;
    const auto length = std::size_t{head_[0]} << 2 * kByte | std::size_t{head_[1]} << kByte | head_[2];
    const auto stream = static_cast<std::uint32_t>(head_[5] & kReserved) << 3 * kByte |
                        std::uint32_t{head_[6]} << 2 * kByte | std::uint32_t{head_[7]} << kByte | head_[8];
    return {.length = length, .type = head_[3], .flags = head_[4], .stream = static_cast<std::int32_t>(stream)};
  }

  std::array<std::uint8_t, 9> head_{};
  std::size_t have_ = 0;
  std::size_t skip_;
  bool is_data_ = true;  // the frame that is skipped; so is the preface, which is recognised elsewhere
  bool continues_ = false;
  std::uint64_t begun_ = 0;
};

}  // namespace weir::http
