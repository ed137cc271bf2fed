// TLS secrets to a file in the format that Wireshark reads (NSS key log), for debugging. Off unless the configuration
// names a file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "proxy/net/socket.hpp"

namespace weir::tls {

class KeyLog {
 public:
  // Appends to `file`, which its owner alone may read.
  static boost::system::result<std::shared_ptr<const KeyLog>, std::string> open(const std::filesystem::path& file);
  explicit KeyLog(net::Descriptor file) : file_(std::move(file)) {}

  void write(const char* line) const;

 private:
  net::Descriptor file_;
};

}  // namespace weir::tls
