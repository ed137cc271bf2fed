#include "proxy/names/resolver.hpp"

#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include "proxy/names/channel.hpp"
#include "proxy/names/dns_answer.hpp"
#include "proxy/names/plain_name.hpp"

namespace weir::names {
namespace {

using Status = Resolution::Status;

constexpr int kA = 1;
constexpr int kAaaa = 28;

Status status_of(int ares_status) {
  switch (ares_status) {
    case ARES_SUCCESS: return Status::ok;
    case ARES_ENODATA: return Status::no_data;
    case ARES_ENOTFOUND: return Status::no_such_name;
    case ARES_ETIMEOUT: return Status::time_out;
    case ARES_ECONNREFUSED:
    case ARES_EREFUSED:
    case ARES_ESERVFAIL:
    case ARES_ENOTIMP: return Status::refused;
    default: return Status::failed;
  }
}

// What one family's answer says.
Resolution read(const std::string& name, int ares_status, std::span<const std::uint8_t> message) {
  Resolution resolution;
  if (ares_status == ARES_SUCCESS) {
    auto answer = parse_dns_message(message);
    if (!answer || answer->name != name)
      ares_status = ARES_EBADRESP;
    else if (answer->addresses.empty())
      ares_status = ARES_ENODATA;  // aliases that lead nowhere
    else
      resolution.addresses = std::move(answer->addresses);
  }
  resolution.status = status_of(ares_status);
  resolution.complete = resolution.status == Status::ok || resolution.status == Status::no_data ||
                        resolution.status == Status::no_such_name;
  if (resolution.status != Status::ok) resolution.error = ares_strerror(ares_status);
  return resolution;
}

// The two questions for one name; gone when both are answered, or the channel is.
struct Lookup {
  std::optional<Resolution> ipv4;
  std::optional<Resolution> ipv6;
  std::function<void(Resolution)> done;
};

// Posted, so that `done` may end the resolver, which c-ares does not allow from inside a callback of its own.
void call_back(Channel& channel, std::function<void(Resolution)> done, Resolution resolution) {
  boost::asio::post(channel.context(), [weak = channel.weak_from_this(), done = std::move(done),
                                        resolution = std::move(resolution)]() mutable {
    if (const auto alive = weak.lock()) done(std::move(resolution));
  });
}

}  // namespace

boost::system::result<Resolver, std::string> Resolver::open(boost::asio::io_context& context,
                                                            const ResolverOptions& options) {
  auto channel = Channel::open(context, options);
  if (!channel) return channel.error();
  return Resolver(std::move(*channel));
}

Resolver::Resolver(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;
Resolver::~Resolver() = default;

void Resolver::resolve(const std::string& name, std::function<void(Resolution)> done) {
  const auto plain = plain_name(name);
  if (!plain) {
    Resolution resolution;
    resolution.error = "not a name: letters, digits, '-' and '_' between single dots, none at the end";
    return call_back(*channel_, std::move(done), std::move(resolution));
  }
  const auto lookup = std::make_shared<Lookup>();
  lookup->done = std::move(done);
  const auto take = [name = *plain, lookup, &channel = *channel_](std::optional<Resolution> Lookup::*family) {
    return [name, lookup, &channel, family](int status, std::span<const std::uint8_t> message) {
      (*lookup).*family = read(name, status, message);
      if (lookup->ipv4 && lookup->ipv6)
        call_back(channel, std::move(lookup->done), merge(std::move(*lookup->ipv4), std::move(*lookup->ipv6)));
    };
  };
  channel_->ask(*plain, kA, take(&Lookup::ipv4));
  channel_->ask(*plain, kAaaa, take(&Lookup::ipv6));
}

}  // namespace weir::names
