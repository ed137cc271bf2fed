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
  void put8(std::uint16_t attribute, std::uint8_t value) { mnl_attr_put_u8(header_, attribute, value); }
  void put16(std::uint16_t attribute, std::uint16_t value) { mnl_attr_put_u16(header_, attribute, value); }
  void put(std::uint16_t attribute, const void* data, std::size_t size) {
    mnl_attr_put(header_, attribute, size, data);
  }
  nlattr* begin_nest(std::uint16_t attribute) { return mnl_attr_nest_start(header_, attribute); }
  void end_nest(nlattr* nest) { mnl_attr_nest_end(header_, nest); }
  void put(std::uint16_t attribute, const char* value) { mnl_attr_put_strz(header_, attribute, value); }

 private:
  alignas(nlmsghdr) std::array<char, 512> buffer_{};
  nlmsghdr* header_;
};

// Calls `take` with each attribute from `first` up to `end`. (libmnl's own loop is a macro that C++ refuses.)
template <typename Take>
void for_each_attribute(const void* first, const void* end, Take take) {
  const auto* attribute = static_cast<const nlattr*>(first);
  while (mnl_attr_ok(attribute,
                     static_cast<int>(static_cast<const char*>(end) - reinterpret_cast<const char*>(attribute)))) {
    take(*attribute);
    attribute = mnl_attr_next(attribute);
  }
}

template <typename Take>
void for_each_nested(const nlattr& nest, Take take) {
  const auto* first = static_cast<const char*>(mnl_attr_get_payload(&nest));
  for_each_attribute(first, first + mnl_attr_get_payload_len(&nest), take);
}

// The attributes behind the family's header.
template <class FamilyHeader, typename Take>
void for_each_attribute(const nlmsghdr& message, Take take) {
  for_each_attribute(mnl_nlmsg_get_payload_offset(&message, sizeof(FamilyHeader)), mnl_nlmsg_get_payload_tail(&message),
                     take);
}

// The first attribute of a type; nullptr where there is none.
template <class FamilyHeader>
const nlattr* find_attribute(const nlmsghdr& message, std::uint16_t type) {
  const nlattr* found = nullptr;
  for_each_attribute<FamilyHeader>(message, [&](const nlattr& attribute) {
    if (found == nullptr && mnl_attr_get_type(&attribute) == type) found = &attribute;
  });
  return found;
}

}  // namespace weir::kernel
