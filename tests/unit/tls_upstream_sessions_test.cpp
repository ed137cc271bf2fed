#include <ctime>

#include "proxy/tls/upstream_sessions.hpp"
#include "tests/unit/catch.hpp"

using weir::tls::Resumable;
using weir::tls::UpstreamSessions;

namespace {

// A session as a handshake leaves it; `id` tells it apart.
Resumable session(int version, unsigned char id, long age = 0) {
  Resumable made(SSL_SESSION_new());
  SSL_SESSION_set_protocol_version(made.get(), version);
  SSL_SESSION_set1_id(made.get(), &id, 1);
  SSL_SESSION_set_time(made.get(), std::time(nullptr) - age);
  SSL_SESSION_set_timeout(made.get(), 3600);
  return made;
}

int id_of(const Resumable& session) {
  unsigned size = 0;
  return session ? *SSL_SESSION_get_id(session.get(), &size) : -1;
}

}  // namespace

TEST_CASE("upstream sessions: one of TLS 1.3 is given once, the newest first", "[tls]") {
  UpstreamSessions sessions;
  CHECK(id_of(sessions.take("a")) == -1);
  sessions.keep("a", session(TLS1_3_VERSION, 1));
  sessions.keep("a", session(TLS1_3_VERSION, 2));
  sessions.keep("b", session(TLS1_3_VERSION, 3));
  CHECK(id_of(sessions.take("a")) == 2);
  CHECK(id_of(sessions.take("a")) == 1);
  CHECK(id_of(sessions.take("a")) == -1);
  CHECK(id_of(sessions.take("b")) == 3);
}

TEST_CASE("upstream sessions: an older version's is given again and again", "[tls]") {
  UpstreamSessions sessions;
  sessions.keep("a", session(TLS1_2_VERSION, 1));
  for (int i = 0; i < 3; ++i) CHECK(id_of(sessions.take("a")) == 1);
  sessions.keep("a", session(TLS1_2_VERSION, 2));
  CHECK(id_of(sessions.take("a")) == 2);
}

TEST_CASE("upstream sessions: an origin has at most twelve, the newest", "[tls]") {
  UpstreamSessions sessions;
  for (unsigned char id = 1; id <= 14; ++id) sessions.keep("a", session(TLS1_3_VERSION, id));
  CHECK(sessions.size() == 12);
  for (int id = 14; id >= 3; --id) CHECK(id_of(sessions.take("a")) == id);
  CHECK(id_of(sessions.take("a")) == -1);
  CHECK(sessions.size() == 0);
}

TEST_CASE("upstream sessions: all are bounded, and those of the origin longest not asked for go", "[tls]") {
  UpstreamSessions sessions(2);
  sessions.keep("a", session(TLS1_2_VERSION, 1));
  sessions.keep("b", session(TLS1_2_VERSION, 2));
  CHECK(id_of(sessions.take("a")) == 1);
  sessions.keep("c", session(TLS1_2_VERSION, 3));
  CHECK(sessions.size() == 2);
  CHECK(id_of(sessions.take("b")) == -1);
  CHECK(id_of(sessions.take("a")) == 1);
  CHECK(id_of(sessions.take("c")) == 3);
}

TEST_CASE("upstream sessions: what is too old, or cannot be resumed, is not given", "[tls]") {
  UpstreamSessions sessions;
  sessions.keep("a", session(TLS1_3_VERSION, 1));
  sessions.keep("a", session(TLS1_3_VERSION, 2, 3600));
  Resumable without_id(SSL_SESSION_new());
  SSL_SESSION_set_protocol_version(without_id.get(), TLS1_3_VERSION);
  sessions.keep("a", std::move(without_id));
  CHECK(id_of(sessions.take("a")) == 1);
}

TEST_CASE("upstream sessions: an origin is forgotten", "[tls]") {
  UpstreamSessions sessions;
  sessions.keep("a", session(TLS1_2_VERSION, 1));
  sessions.keep("b", session(TLS1_2_VERSION, 2));
  sessions.forget("a");
  sessions.forget("never seen");
  CHECK(sessions.size() == 1);
  CHECK(id_of(sessions.take("a")) == -1);
  CHECK(id_of(sessions.take("b")) == 2);
}
