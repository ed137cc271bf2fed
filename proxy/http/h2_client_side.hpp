// Towards an origin that speaks HTTP/2. Pure.
#pragma once

#include "proxy/http/h2_side.hpp"

namespace weir::http {

class H2ClientSide final : public H2Side {
 public:
  H2ClientSide(Transactions&, Events&, const H2Limits& limits = {});

  bool can_begin() const override;
  void send_head(Transaction&) override;
  void go_away(ErrorCode) override;
  bool is_going_away() const override { return going_away_; }
  bool takes_extended_connect() const override { return takes_extended_connect_; }

 private:
  Transaction* begin_head(std::int32_t) override { return nullptr; }
  void take_pseudo(Transaction&, std::string_view name, std::string_view value) override;
  Fields& fields_of(Transaction& transaction) override { return transaction.response.fields; }
  void take_head(Transaction&, bool ends) override;
  bool expects_head(const Transaction& transaction) const override { return !transaction.response_read; }
  void closed(Transaction&, ErrorCode) override;
  void take_settings() override;
  Waiting& waiting_of(Transaction& transaction) override { return transaction.to_upstream; }
  std::int32_t stream_of(const Transaction& transaction) const override { return transaction.upstream_stream; }
  bool takes(const Transaction& transaction) const override { return !transaction.upstream_closed; }

  bool takes_extended_connect_ = false;
  std::uint32_t open_ = 0;  // streams
};

}  // namespace weir::http
