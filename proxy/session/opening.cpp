#include "proxy/session/opening.hpp"

#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "pki/names.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/http_exchange.hpp"
#include "proxy/session/http_judge.hpp"
#include "proxy/session/inspect.hpp"
#include "proxy/session/worker.hpp"
#include "tls/capabilities.hpp"

namespace weir::session {
namespace {

using WallClock = std::chrono::system_clock;

const tls::ClientHello& hello_of(const Flow& flow) { return flow.first_look->detector().hello(); }

std::array<std::uint8_t, 32> digest_of(const X509& certificate, Opening::Leaf kind, std::string_view name = {}) {
  auto bytes = pki::der_of(certificate);
  bytes.push_back(static_cast<std::uint8_t>(kind));
  bytes.insert(bytes.end(), name.begin(), name.end());
  std::array<std::uint8_t, 32> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

std::string text_of(const std::array<std::uint8_t, 32>& digest, pki::KeyKind kind) {
  return std::string(digest.begin(), digest.end()) + (kind == pki::KeyKind::rsa ? 'r' : 'e');
}

constexpr std::string_view kHttp1 = "http/1.1";
constexpr std::string_view kHttp2 = "h2";

// gRPC's own name for it is still what its libraries agree on where both have it.
bool is_http2(std::string_view alpn) { return alpn == kHttp2 || alpn == "grpc-exp"; }
bool is_http(std::string_view alpn) { return alpn == kHttp1 || is_http2(alpn); }

// Of weir's own pages.
std::string_view own_choice(const auto& offered) {
  return offered.contains(kHttp1) ? kHttp1 : offered.contains(kHttp2) ? kHttp2 : std::string_view();
}

}  // namespace

Opening::Opening(Flow& flow)
    : flow_(flow),
      sides_(flow.worker.tls_sides()),
      parties_{
          .client = flow.record.client.address, .destination = flow.record.destination, .name = flow.record.domain} {
  if (parties_.name.empty()) parties_.name = parties_.destination.address.text();
}

Opening::~Opening() = default;

// A session goes on with what it began with, the protocol too.
std::string Opening::origin_key() const {
  return parties_.destination.text() + ' ' + parties_.name + '\0' + offered_upstream();
}

// What the client offers, as it came (RFC 7301, 3.1). HTTP/1.1 besides where that is HTTP/2 without it: weir can
// translate, and an origin without HTTP/2 would have nothing to choose.
std::string Opening::offered_upstream() const {
  const auto& alpn = hello_of(flow_).alpn;
  std::string wire(alpn.wire());
  if (alpn.contains(kHttp2) && !alpn.contains(kHttp1))
    wire += std::string(1, static_cast<char>(kHttp1.size())) += kHttp1;
  return wire;
}

void Opening::begin_upstream() {
  const auto& hello = hello_of(flow_);
  tls::DialAs as{.origin = origin_key(), .server_name = {}, .judged_by = {}, .alpn = offered_upstream()};
  if (hello.server_name) {
    as.judged_by = parties_.name;
    if (pki::is_dns_name(parties_.name)) as.server_name = parties_.name;
  }
  upstream_ = sides_->upstream.open(flow_.upstream, std::move(as));
}

bool Opening::take_upstream() {
  record_.upstream = upstream_->facts();
  const auto chosen = upstream_->alpn();
  const auto& offered = hello_of(flow_).alpn;
  // HTTP/1.1 that the client had not offered is met by HTTP/2 that it had.
  const bool translates = chosen == kHttp1 && !offered.contains(kHttp1) && offered.contains(kHttp2);
  if (!early_) record_.alpn = translates ? kHttp2 : chosen;
  for (const auto fault : upstream_->verdict().faults) record_.faults.emplace_back(pki::name(fault));
  record_.detail = upstream_->verdict().detail;
  publish();
  return chosen.empty() || translates || offered.contains(chosen);
}

pki::Result<pki::LeafPointer> Opening::matching_leaf(const X509& origin, pki::KeyKind kind) {
  const auto now = WallClock::now();
  const auto& shared = *sides_->shared;
  return sides_->shared->leaves.find_or_make(text_of(digest_of(origin, Leaf::matching), kind), now, [&] {
    return shared.maker->make_leaf(pki::request_from(origin, kind), now);
  });
}

// What is wrong with the origin's dates or names shows in a leaf that has the same; for all else no client trusts who
// signs it. Where the origin's has no name that may be put into a leaf, that is one that nobody asks for (RFC 6761,
// 6.4). Never cached: it is rare.
pki::Result<pki::LeafPointer> Opening::mirroring_leaf(pki::KeyKind kind) {
  using pki::Fault;
  auto request = pki::request_from(*upstream_->certificate(), kind);
  request.validity = pki::Validity::mirrored;
  if (request.names.empty()) request.names.dns.emplace_back("no-valid-name.invalid");
  const bool shows = upstream_->verdict().only({Fault::expired, Fault::not_yet_valid, Fault::wrong_name});
  const auto& maker = shows ? sides_->shared->maker : sides_->shared->untrusted_maker;
  return maker->make_leaf(request, WallClock::now());
}

pki::Result<pki::LeafPointer> Opening::own_leaf(pki::KeyKind kind) {
  const auto names = pki::name_for(parties_.name);
  if (!names) return std::string("no certificate can be made for that name");
  const auto now = WallClock::now();
  const auto& shared = *sides_->shared;
  return sides_->shared->leaves.find_or_make("own " + parties_.name + (kind == pki::KeyKind::rsa ? " r" : " e"), now,
                                             [&] {
                                               constexpr std::chrono::hours kDay{24};
                                               return shared.maker->make_leaf({.names = *names,
                                                                               .common_name = {},
                                                                               .not_before = now - kDay,
                                                                               .not_after = now + 7 * kDay,
                                                                               .validity = pki::Validity::limited,
                                                                               .key = kind},
                                                                              now);
                                             });
}

pki::KeyKind Opening::key_kind() const {
  return tls::takes_ecdsa(hello_of(flow_)) ? pki::KeyKind::ecdsa : pki::KeyKind::rsa;
}

bool Opening::begin_client(Leaf which) {
  const auto* origin = which == Leaf::own ? nullptr : upstream_->certificate();
  if (which == Leaf::own) record_.alpn = own_choice(hello_of(flow_).alpn);
  record_.leaf_mirrors_faults = which == Leaf::mirroring;
  switch (which) {
    case Leaf::matching: return open_client(which, matching_leaf(*origin, key_kind()), origin);
    case Leaf::mirroring: return open_client(which, mirroring_leaf(key_kind()), origin);
    case Leaf::own: break;
  }
  return open_client(which, own_leaf(key_kind()), origin);
}

bool Opening::begin_client_early() {
  const auto* session = sides_->upstream.sessions().next(origin_key());
  const auto* origin = session != nullptr ? SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session)) : nullptr;
  if (origin == nullptr) return false;
  const unsigned char* alpn = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_alpn_selected(session, &alpn, &size);
  record_.alpn.assign(reinterpret_cast<const char*>(alpn), size);
  early_ = open_client(Leaf::matching, matching_leaf(*origin, key_kind()), origin);
  return early_;
}

// Another certificate that is trusted for the name is as good, and another version of HTTP is translated; the next
// client is shown a leaf of that one.
bool Opening::is_as_expected() {
  const auto chosen = upstream_->alpn();
  const bool serves = chosen == record_.alpn || (is_http(chosen) && is_http(record_.alpn));
  if (!is_trusted() || !serves || upstream_->certificate() == nullptr) return false;
  if (client_->serves_as().identity != digest_of(*upstream_->certificate(), Leaf::matching, parties_.name))
    forget_origin();
  return true;
}

void Opening::forget_origin() { sides_->upstream.sessions().forget(origin_key()); }

bool Opening::open_client(Leaf which, pki::Result<pki::LeafPointer> leaf, const X509* origin) {
  if (!leaf) {
    note_detail(leaf.error());
    return false;
  }
  tls::ServeAs as{.leaf = *leaf, .alpn = record_.alpn, .identity = {}, .resumable = which == Leaf::matching};
  // The name as well: a session is not resumed under another (RFC 6066, 3), which OpenSSL leaves to us.
  const X509* certificate = which == Leaf::matching ? origin : as.leaf->certificate.get();
  as.identity = digest_of(*certificate, which, parties_.name);
  client_ = sides_->client.open(flow_.client, flow_.first_look->bytes(), std::move(as));
  return client_ != nullptr;
}

void Opening::take_client() {
  record_.client = client_->facts();
  publish();
  auto& counters = flow_.worker.count();
  counters.tls_decrypted.add();
  if (record_.client->resumed) counters.tls_resumed[0].add();
  if (record_.upstream && record_.upstream->resumed) counters.tls_resumed[1].add();
}

detect::Protocol Opening::agreed_on() const {
  using detect::Protocol;
  if (record_.alpn.empty()) return Protocol::need_more;
  return is_http2(record_.alpn) ? Protocol::http2 : record_.alpn == kHttp1 ? Protocol::http1 : Protocol::opaque;
}

void Opening::begin_relay(std::span<const std::uint8_t> first) {
  auto relay = std::make_unique<relay::StreamRelay>(flow_.worker.resources(), *client_, *upstream_);
  relay->begin_with(first);
  flow_.relay = std::move(relay);
}

void Opening::begin_messages(bool http2, std::span<const std::uint8_t> first) {
  using Speaks = HttpExchange::Speaks;
  const auto speaks = http2 ? Speaks::http2 : Speaks::http1;
  const auto chosen = upstream_->alpn();
  auto exchange = make_exchange(flow_, std::make_unique<HttpJudge>(flow_));
  exchange->meet_client(*client_, speaks);
  exchange->meet_upstream(*upstream_, chosen.empty() ? speaks : is_http2(chosen) ? Speaks::http2 : Speaks::http1);
  exchange->begin_with(first);
  flow_.relay = std::move(exchange);
}

bool Opening::origin_is(const std::string& name) const {
  if (!upstream_ || !is_trusted() || upstream_->certificate() == nullptr) return false;
  return X509_check_host(const_cast<X509*>(upstream_->certificate()), name.data(), name.size(),
                         X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

void Opening::note_not_decrypted(flow::TlsCause cause) {
  record_.not_decrypted = flow::name(cause);
  flow_.worker.count().tls_not_decrypted[static_cast<std::size_t>(cause)].add();
  publish();
}

void Opening::note_detail(std::string detail) {
  record_.detail = std::move(detail);
  publish();
}

void Opening::watch() {
  if (!client_ || !upstream_ || !flow_.relay) return;  // without an origin there is only the page
  if (!heard_ && flow_.relay->bytes_from_client() > 0) {
    heard_ = true;
    flow_.worker.exceptions().note_success(parties_, std::chrono::steady_clock::now());
  }
  if (!left_first_ && client_->has_ended())
    left_first_ = flow::Side::client;
  else if (!left_first_ && upstream_->has_ended())
    left_first_ = flow::Side::upstream;
  // Once one side has ended, the other has nothing more to lose by an end without a word, and many do so.
  if (record_.truncated || !(client_->is_truncated() || upstream_->is_truncated())) return;
  const bool is_clients = client_->is_truncated();
  if (!is_clients && flow_.relay->client_finished()) return;
  record_.truncated = is_clients ? flow::Side::client : flow::Side::upstream;
  publish();
}

void Opening::publish() { flow_.record.tls = std::make_shared<const flow::TlsRecord>(record_); }

}  // namespace weir::session
