// Judges a flow's requests by the policy in force, and puts them on record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "proxy/http/conversation.hpp"
#include "proxy/session/snapshot.hpp"

namespace weir::session {

struct Flow;

// Of what a rule blocks, at whichever stage.
inline constexpr unsigned kForbidden = 403;
inline constexpr std::string_view kByPolicy = "A rule of this network says that it is not to be had from here.";

class HttpJudge final : public http::Supervisor {
 public:
  explicit HttpJudge(Flow&);

  std::chrono::system_clock::time_point wall_time() const override { return std::chrono::system_clock::now(); }
  http::Verdict judge(http::Transaction&) override;
  void note_end(const http::Transaction&) override;

 private:
  void take_names(const std::string& authority);
  void take_request(const http::Transaction&);
  policy::Decision decide(const policy::Policy&);
  policy::Decision decide_by_both(const policy::Policy&);
  policy::Fact<bool> confirmed(const policy::Policy&);
  void note(const http::Transaction&, http::Verdict::Kind);

  Flow& flow_;
  std::optional<policy::DomainName> asked_;  // the connection's name: SNI
  std::optional<policy::DomainName> host_;   // the request's
  std::string authority_;                    // of which `host_` is
  policy::Facts facts_;                      // show into the fields below and into the flow's record
  std::vector<policy::HeaderField> fields_;
  std::string path_;  // in its normal form, where it came in another
  bool knows_names_ = false;
  bool is_first_ = true;
  bool let_through_ = false;  // any request
};

class HttpRefuser final : public http::Supervisor {
 public:
  // `cause`: where it is no rule; a literal.
  HttpRefuser(Flow& flow, unsigned status, std::string_view reason, std::string_view cause)
      : flow_(flow), status_(status), reason_(reason), cause_(cause) {}

  std::chrono::system_clock::time_point wall_time() const override { return std::chrono::system_clock::now(); }
  http::Verdict judge(http::Transaction&) override;
  void note_end(const http::Transaction&) override;
  // The one it is part of, which closes once it has told.
  void govern(http::Conversation& conversation) { conversation_ = &conversation; }

 private:
  Flow& flow_;
  unsigned status_;
  std::string reason_;
  std::string_view cause_;
  http::Conversation* conversation_ = nullptr;
};

}  // namespace weir::session
