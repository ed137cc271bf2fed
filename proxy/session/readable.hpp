// A kernel source with a descriptor, read whenever it has something: on the control thread.
#pragma once

#include <functional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace weir::session {

template <typename Source>
class Readable {
 public:
  Readable(boost::asio::io_context& context, Source source, std::function<void()> on_readable)
      : source_(std::move(source)), descriptor_(context, source_.descriptor()), on_readable_(std::move(on_readable)) {
    arm();
  }
  ~Readable() { descriptor_.release(); }  // the source closes it
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;

  Source& source() { return source_; }

 private:
  void arm() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& error) {
                             if (error) return;
                             on_readable_();
                             arm();
                           });
  }

  Source source_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void()> on_readable_;
};

}  // namespace weir::session
