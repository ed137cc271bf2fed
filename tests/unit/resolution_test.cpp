#include "proxy/names/resolution.hpp"

#include "tests/unit/catch.hpp"

using namespace weir;
using names::Resolution;
using Status = Resolution::Status;

namespace {

Resolution family(Status status, std::string error = "") {
  Resolution resolution;
  resolution.status = status;
  resolution.complete = status == Status::ok || status == Status::no_data || status == Status::no_such_name;
  resolution.error = std::move(error);
  return resolution;
}

Resolution found(const char* address, int ttl) {
  auto resolution = family(Status::ok);
  resolution.addresses = {{*policy::Address::parse(address), std::chrono::seconds(ttl)}};
  return resolution;
}

}  // namespace

TEST_CASE("what both families have is put together, with the smallest TTL", "[resolution]") {
  const auto both = merge(found("192.0.2.1", 60), found("2001:db8::1", 30));
  CHECK(both.status == Status::ok);
  CHECK(both.addresses.size() == 2);
  CHECK(both.ttl == std::chrono::seconds(30));
  CHECK(both.complete);
  CHECK(both.error.empty());
}

TEST_CASE("one family's addresses count, whatever became of the other", "[resolution]") {
  const auto only4 = merge(found("192.0.2.1", 60), family(Status::no_data, "no data"));
  CHECK(only4.status == Status::ok);
  CHECK(only4.complete);
  CHECK(only4.error.empty());
  CHECK(merge(family(Status::no_such_name, "none"), found("2001:db8::1", 30)).status == Status::ok);
  const auto half = merge(family(Status::time_out, "too late"), found("2001:db8::1", 30));
  CHECK(half.status == Status::ok);
  CHECK(half.addresses.size() == 1);
  CHECK_FALSE(half.complete);
  CHECK(half.error == "A: too late");
}

TEST_CASE("without addresses the weightier word counts", "[resolution]") {
  struct Row {
    Status one, other, both;
  };
  const std::vector<Row> rows{
      {Status::no_data, Status::no_data, Status::no_data},
      {Status::no_such_name, Status::no_data, Status::no_such_name},
      {Status::no_such_name, Status::time_out, Status::no_such_name},
      {Status::no_data, Status::time_out, Status::time_out},
      {Status::no_data, Status::refused, Status::refused},
      {Status::failed, Status::time_out, Status::time_out},
  };
  for (const auto& row : rows) {
    CHECK(merge(family(row.one), family(row.other)).status == row.both);
    CHECK(merge(family(row.other), family(row.one)).status == row.both);
  }
}

TEST_CASE("two equal errors are one, two others are told apart", "[resolution]") {
  CHECK(merge(family(Status::time_out, "late"), family(Status::time_out, "late")).error == "late");
  CHECK(merge(family(Status::no_data, "none"), family(Status::time_out, "late")).error == "A: none; AAAA: late");
}
