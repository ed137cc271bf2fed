#include "proxy/admin/flow_order.hpp"

#include <array>

#include "policy/address.hpp"

namespace weir::admin {
namespace {

using flow::Record;
using Ordering = std::weak_ordering;

template <auto kMember>
Ordering by(const Record& a, const Record& b) {
  return a.*kMember <=> b.*kMember;
}

Ordering by_age(const Record& a, const Record& b) { return b.started <=> a.started; }

Ordering by_bytes(const Record& a, const Record& b) {
  return a.bytes_from_client + a.bytes_to_client <=> b.bytes_from_client + b.bytes_to_client;
}

Ordering by_client(const Record& a, const Record& b) {
  return static_cast<const policy::Endpoint&>(a.client) <=> static_cast<const policy::Endpoint&>(b.client);
}

Ordering by_destination(const Record& a, const Record& b) {
  return static_cast<const policy::Endpoint&>(a.destination) <=> static_cast<const policy::Endpoint&>(b.destination);
}

Ordering by_disposition(const Record& a, const Record& b) {
  return std::string_view(flow::name(a.disposition)) <=> std::string_view(flow::name(b.disposition));
}

constexpr std::array kOrders{
    FlowOrder{"age", true, by_age},  // youngest first
    FlowOrder{"bytes", false, by_bytes},
    FlowOrder{"bytes_from_client", false, by<&Record::bytes_from_client>},
    FlowOrder{"bytes_to_client", false, by<&Record::bytes_to_client>},
    FlowOrder{"idle", false, by<&Record::idle>},
    FlowOrder{"subflows", false, by<&Record::subflows_now>},
    FlowOrder{"requests", false, by<&Record::requests>},
    FlowOrder{"client", true, by_client},
    FlowOrder{"destination", true, by_destination},
    FlowOrder{"domain", true, by<&Record::domain>},
    FlowOrder{"rule", true, by<&Record::rule>},
    FlowOrder{"transport", true, by<&Record::transport>},
    FlowOrder{"disposition", true, by_disposition},
    FlowOrder{"id", true, by<&Record::id>},
};

}  // namespace

const FlowOrder& FlowOrder::by_age() { return kOrders.front(); }

const FlowOrder* FlowOrder::named(std::string_view name) {
  for (const auto& order : kOrders)
    if (order.name == name) return &order;
  return nullptr;
}

std::string FlowOrder::names() {
  std::string text;
  for (const auto& order : kOrders) {
    if (&order != &kOrders.front()) text += &order == &kOrders.back() ? " or " : ", ";
    text += order.name;
  }
  return text;
}

}  // namespace weir::admin
