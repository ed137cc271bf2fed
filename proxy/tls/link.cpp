#include "proxy/tls/link.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

namespace weir::tls {

const BIO_METHOD* Link::method() {
  struct Free {
    void operator()(BIO_METHOD* made) const { BIO_meth_free(made); }
  };
  static const std::unique_ptr<BIO_METHOD, Free> kMethod = [] {
    std::unique_ptr<BIO_METHOD, Free> made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "watched socket"));
    BIO_meth_set_read(made.get(), on_read);
    BIO_meth_set_write(made.get(), on_write);
    BIO_meth_set_ctrl(made.get(), on_control);
    return made;
  }();
  return kMethod.get();
}

Bio Link::make_bio() {
  Bio bio(BIO_new(method()));
  BIO_set_data(bio.get(), this);
  BIO_set_init(bio.get(), 1);
  return bio;
}

int Link::on_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  return size <= 0 ? 0 : static_cast<Link*>(BIO_get_data(bio))->read(bio, into, size);
}

int Link::on_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  return size <= 0 ? 0 : static_cast<Link*>(BIO_get_data(bio))->write(bio, bytes, size);
}

long Link::on_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<Link*>(BIO_get_data(bio))->at_end() ? 1 : 0;
  return 0;
}

int Link::read(BIO* bio, char* into, int size) {
  if (!first_.empty()) {
    const auto count = std::min(first_.size(), static_cast<std::size_t>(size));
    std::memcpy(into, first_.data(), count);
    first_ = first_.subspan(count);
    return static_cast<int>(count);
  }
  if (cannot_read_) return -1;  // the kernel says so once, and tells of an end from then on
  if (watch_.readable) {
    const auto count = recv(watch_.fd(), into, static_cast<std::size_t>(size), 0);
    if (count > 0) {
      // A short read emptied the socket; what comes later brings a new edge. Not so once the peer's end is queued.
      if (count < size && !watch_.read_to_end) watch_.readable = false;
      return static_cast<int>(count);
    }
    if (count == 0) {
      at_end_ = true;
      return 0;
    }
    if (errno != EAGAIN && errno != EINTR) {
      error_ = errno;
      cannot_read_ = true;
      return -1;
    }
    if (errno == EAGAIN) watch_.readable = false;
  }
  BIO_set_retry_read(bio);
  return -1;
}

int Link::write(BIO* bio, const char* bytes, int size) {
  if (watch_.writable) {
    const auto count = send(watch_.fd(), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (count >= 0) return static_cast<int>(count);
    if (errno != EAGAIN && errno != EINTR) {
      error_ = errno;
      return -1;
    }
    if (errno == EAGAIN) watch_.writable = false;
  }
  BIO_set_retry_write(bio);
  return -1;
}

}  // namespace weir::tls
