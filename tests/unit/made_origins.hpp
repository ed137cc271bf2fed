// Origins' certificates, good and bad, made by tests/lab/certificates.py into a folder of the test's own.
#pragma once

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <openssl/pem.h>

#include "pki/openssl.hpp"
#include "tests/unit/conf_folder.hpp"

namespace weir::tests {

struct MadeOrigin {
  std::vector<pki::Certificate> chain;  // its leaf first
  std::string asked;
  std::string faults;  // words with commas between them, as they are to be found
};

inline std::vector<pki::Certificate> read_chain(const std::filesystem::path& file) {
  std::vector<pki::Certificate> chain;
  const std::unique_ptr<BIO, pki::Freeing<BIO_free>> in(BIO_new_file(file.c_str(), "r"));
  if (in == nullptr) return chain;
  while (pki::Certificate next{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)})
    chain.push_back(std::move(next));
  pki::error_text("");  // the end of the file is an error to OpenSSL
  return chain;
}

class MadeOrigins {
 public:
  MadeOrigins() {
    const auto command = "'" WEIR_SOURCE_DIR "/tests/lab/certificates.py' '" + folder_.path().string() + "'";
    if (std::system(command.c_str()) != 0) return;
    std::ifstream table(path("kinds.tsv"));
    for (std::string line; std::getline(table, line);) {
      std::istringstream columns(line);
      std::string kind;
      MadeOrigin origin;
      std::getline(columns, kind, '\t');
      std::getline(columns, origin.asked, '\t');
      std::getline(columns, origin.faults, '\t');
      origin.chain = read_chain(path(kind + ".chain.pem"));
      by_kind_.emplace(kind, std::move(origin));
    }
  }

  std::filesystem::path path(const std::string& file) const { return folder_.path() / file; }
  const std::map<std::string, MadeOrigin>& by_kind() const { return by_kind_; }
  const MadeOrigin& operator[](const std::string& kind) const { return by_kind_.at(kind); }

 private:
  Folder folder_;
  std::map<std::string, MadeOrigin> by_kind_;
};

inline const MadeOrigins& made_origins() {
  static const MadeOrigins origins;
  return origins;
}

}  // namespace weir::tests
