// OpenSSL's bytes to and from a watched socket (a BIO of our own): it keeps the watch's readiness, so that an empty
// socket is not asked, and gives what was read of the connection before it was known to be TLS first.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <openssl/bio.h>

#include "proxy/net/poller.hpp"

namespace weir::tls {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

class Link {
 public:
  // `first` is read before the socket; it and the watch outlive the link.
  Link(net::Watch& watch, std::span<const std::uint8_t> first) : watch_(watch), first_(first) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Ends with this object in all but name: it must not be used after it.
  Bio make_bio();

  net::Watch& watch() { return watch_; }
  bool at_end() const { return at_end_; }             // the peer's FIN was read
  int error() const { return error_; }                // errno of the socket, or 0
  bool has_first() const { return !first_.empty(); }  // bytes that were read before are still to be taken
  // Whether a read has anything to tell: bytes, perhaps, or the end, or an error.
  bool has_news() const { return watch_.readable || has_first() || at_end_ || cannot_read_; }

 private:
  static const BIO_METHOD* method();
  static int on_read(BIO*, char* into, int size);
  static int on_write(BIO*, const char* bytes, int size);
  static long on_control(BIO*, int command, long, void*);
  int read(BIO*, char* into, int size);
  int write(BIO*, const char* bytes, int size);

  net::Watch& watch_;
  std::span<const std::uint8_t> first_;
  int error_ = 0;
  bool at_end_ = false;
  bool cannot_read_ = false;  // the socket failed
};

}  // namespace weir::tls
