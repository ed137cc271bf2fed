// Judges a flow's requests by the policy in force, and puts them on record.
#pragma once

#include <vector>

#include "policy/policy.hpp"
#include "proxy/http/conversation.hpp"
#include "proxy/session/snapshot.hpp"

namespace weir::session {

struct Flow;

class HttpJudge final : public http::Supervisor {
 public:
  explicit HttpJudge(Flow& flow) : flow_(flow) {}

  std::chrono::system_clock::time_point wall_time() const override { return std::chrono::system_clock::now(); }
  http::Verdict judge(http::Transaction&) override;
  void note_end(const http::Transaction&) override;

 private:
  void note_first(const http::Transaction&, const std::optional<policy::DomainName>& host);
  policy::Facts facts_of(const http::Transaction&);
  policy::Fact<bool> confirmed(const policy::Policy&, const policy::Fact<policy::DomainName>&);

  Flow& flow_;
  std::vector<policy::HeaderField> fields_;  // what the facts of a call show into
  std::vector<std::string> alpn_;
  bool let_through_ = false;  // any request
  bool noted_ = false;        // the first
};

// Answers every request with the page: for a client that is told, within HTTP, why it goes no further.
class HttpRefuser final : public http::Supervisor {
 public:
  HttpRefuser(Flow& flow, unsigned status, std::string_view reason) : flow_(flow), status_(status), reason_(reason) {}

  std::chrono::system_clock::time_point wall_time() const override { return std::chrono::system_clock::now(); }
  http::Verdict judge(http::Transaction&) override;
  void note_end(const http::Transaction&) override;
  // The one it is part of, which closes once it has told.
  void govern(http::Conversation& conversation) { conversation_ = &conversation; }

 private:
  Flow& flow_;
  unsigned status_;
  std::string reason_;
  http::Conversation* conversation_ = nullptr;
};

}  // namespace weir::session
