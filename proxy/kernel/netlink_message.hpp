// Netlink messages, written and read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <linux/netlink.h>

#include <libmnl/libmnl.h>

namespace weir::kernel {

// A request on the stack: a header, the family's own header, attributes.
class NetlinkMessage {
 public:
  NetlinkMessage(std::uint16_t type, int flags) : header_(mnl_nlmsg_put_header(buffer_.data())) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = static_cast<std::uint16_t>(flags);
  }
  NetlinkMessage(const NetlinkMessage&) = delete;
  NetlinkMessage& operator=(const NetlinkMessage&) = delete;

  nlmsghdr& header() { return *header_; }
  template <class FamilyHeader>
  FamilyHeader& put() {
    return *static_cast<FamilyHeader*>(mnl_nlmsg_put_extra_header(header_, sizeof(FamilyHeader)));
  }
  void put(std::uint16_t attribute, std::uint32_t value) { mnl_attr_put_u32(header_, attribute, value); }
  void put(std::uint16_t attribute, const char* value) { mnl_attr_put_strz(header_, attribute, value); }

 private:
  alignas(nlmsghdr) std::array<char, 512> buffer_{};
  nlmsghdr* header_;
};

// The first attribute of a type behind the family's header; nullptr where there is none. (libmnl's own loop over
// attributes is a macro that C++ refuses.)
template <class FamilyHeader>
const nlattr* find_attribute(const nlmsghdr& message, std::uint16_t type) {
  const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message));
  const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, sizeof(FamilyHeader)));
  while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    if (mnl_attr_get_type(attribute) == type) return attribute;
    attribute = mnl_attr_next(attribute);
  }
  return nullptr;
}

}  // namespace weir::kernel
