#include "pki/pem_file.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace weir::pki {
namespace {

using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

struct OpenFile {
  File file;
  Bio bio;  // goes before the file it reads
  struct stat status;
};

std::string failed(const std::filesystem::path& path, const std::string& why) { return path.string() + ": " + why; }

std::string failed(const std::filesystem::path& path, int error) {
  if (error == ENOENT) return failed(path, "there is no such file; make one with `weir ca init`");
  return failed(path, "cannot be read: " + std::system_category().message(error));
}

// A pipe would wait for its writer, so it is opened without waiting and refused with all else that is no file.
Result<OpenFile> open_file(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return failed(path, errno);
  File file(fdopen(descriptor, "rb"), std::fclose);
  if (!file) {
    const int error = errno;
    close(descriptor);
    return failed(path, error);
  }
  OpenFile opened{.file = std::move(file), .bio = nullptr, .status = {}};
  opened.bio.reset(BIO_new_fp(opened.file.get(), BIO_NOCLOSE));
  if (!opened.bio) return failed(path, error_text("cannot be read"));
  if (fstat(descriptor, &opened.status) != 0) return failed(path, errno);
  if (!S_ISREG(opened.status.st_mode)) return failed(path, "is no plain file");
  return opened;
}

bool is_end_of_pem(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

Result<void> check_access(const std::filesystem::path& path, const struct stat& status) {
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return failed(path, "others than its owner may use this key; run: chmod 600 " + path.string());
  if (status.st_uid != 0 && status.st_uid != geteuid())
    return failed(path,
                  "this key belongs to neither root nor the user that weir runs as; run: chown root " + path.string());
  return {};
}

// Asked for a passphrase it notes that, and has none; OpenSSL's own would ask the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

}  // namespace

Result<std::vector<Certificate>> read_certificates(const std::filesystem::path& path) {
  const auto file = open_file(path);
  if (!file) return file.error();
  std::vector<Certificate> certificates;
  while (Certificate one{PEM_read_bio_X509(file->bio.get(), nullptr, nullptr, nullptr)})
    certificates.push_back(std::move(one));
  const auto code = ERR_peek_last_error();
  const auto why = error_text("it is damaged");
  if (!is_end_of_pem(code))
    return failed(path, "its certificate " + std::to_string(certificates.size() + 1) + " cannot be read: " + why);
  if (certificates.empty()) return failed(path, "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  return certificates;
}

Result<Key> read_key(const std::filesystem::path& path) {
  const auto file = open_file(path);
  if (!file) return file.error();
  if (const auto fine = check_access(path, file->status); !fine) return fine.error();
  bool passphrase = false;
  Key key(PEM_read_bio_PrivateKey(file->bio.get(), nullptr, no_passphrase, &passphrase));
  if (key) return key;
  const auto why = error_text("it is damaged");
  if (passphrase)
    return failed(path, "this key has a passphrase, which weir cannot ask for; take it off with `openssl pkey`");
  return failed(path, "holds no private key in PEM (-----BEGIN PRIVATE KEY-----): " + why);
}

}  // namespace weir::pki
