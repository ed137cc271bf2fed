#include <openssl/bio.h>
#include <openssl/pem.h>

#include "pki/authority.hpp"
#include "pki/new_file.hpp"
#include "pki/new_root.hpp"

namespace weir::pki {
namespace {

using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kReadable = 0644;

std::string_view content_of(BIO* memory) {
  char* start = nullptr;
  const auto size = BIO_get_mem_data(memory, &start);
  return {start, static_cast<std::size_t>(size)};
}

// PKCS#8. The memory is wiped when it is freed, and nothing copies from it.
Result<Bio> key_in_pem(const EVP_PKEY& key) {
  Bio memory(BIO_new(BIO_s_secmem()));
  if (!memory || PEM_write_bio_PKCS8PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return "the key cannot be written as PEM: " + error_text("OpenSSL does not say why");
  return memory;
}

Result<void> appear_both(const NewFile& key, const NewFile& certificate) {
  if (const auto appeared = key.appear(); !appeared) return appeared.error();
  const auto appeared = certificate.appear();
  if (!appeared) key.vanish();
  return appeared;
}

}  // namespace

Result<void> make_authority(const std::filesystem::path& certificate, const std::filesystem::path& key,
                            const NewAuthority& wanted) {
  if (certificate.lexically_normal() == key.lexically_normal())
    return "the certificate and its key are two files, not both " + key.string();
  const auto root = make_root(wanted, std::chrono::system_clock::now());
  if (!root) return root.error();
  const auto pem = key_in_pem(*root->key);
  if (!pem) return pem.error();
  const auto key_file = NewFile::write(key, content_of(pem->get()), kOwnerOnly);
  if (!key_file) return key_file.error();
  const auto certificate_file = NewFile::write(certificate, to_pem(*root->certificate), kReadable);
  if (!certificate_file) return certificate_file.error();
  return appear_both(*key_file, *certificate_file);
}

}  // namespace weir::pki
