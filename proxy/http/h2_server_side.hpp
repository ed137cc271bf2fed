// Towards a client that speaks HTTP/2. Pure.
#pragma once

#include "proxy/http/h2_side.hpp"

namespace weir::http {

class H2ServerSide final : public H2Side {
 public:
  H2ServerSide(Transactions&, Events&, const H2Limits& limits = {});

  void send_head(Transaction&) override;
  void go_away(ErrorCode) override;
  bool is_going_away() const override { return going_away_; }
  void offer_extended_connect() override;
  bool expire(Time now, const Timeouts&) override;

 private:
  Transaction* begin_head(std::int32_t stream) override;
  void take_pseudo(Transaction&, std::string_view name, std::string_view value) override;
  Fields& fields_of(Transaction& transaction) override { return transaction.request.fields; }
  void take_head(Transaction&, bool ends) override;
  bool expects_head(const Transaction& transaction) const override { return !transaction.request_read; }
  void took_body(Transaction&, std::size_t) override;
  bool is_held_up(const Transaction&) const;
  void closed(Transaction&, ErrorCode) override;
  void end_sent(Transaction&) override;
  Waiting& waiting_of(Transaction& transaction) override { return transaction.to_client; }
  std::int32_t stream_of(const Transaction& transaction) const override {
    return static_cast<std::int32_t>(transaction.stream);
  }
  bool takes(const Transaction& transaction) const override { return !transaction.client_closed; }
};

}  // namespace weir::http
