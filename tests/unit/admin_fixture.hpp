// A running admin service before a gateway that is made up, and raw HTTP to it.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "proxy/admin/service.hpp"

namespace weir::test {

class MadeUpGateway : public admin::GatewayView {
 public:
  admin::Status status() override { return status_; }
  std::vector<const flow::Counters*> counters() override { return {&one_, &two_}; }
  void flows(std::function<void(std::vector<flow::Record>)> done) override {
    if (answers_) done(flows_);
  }
  void flow(std::uint64_t id, std::function<void(std::optional<flow::Record>)> done) override {
    for (const auto& flow : flows_) {
      if (flow.id == id) return done(flow);
    }
    done(std::nullopt);
  }
  void tally(std::function<void(flow::TallyReport)> done) override {
    ++asked_;
    if (answers_) done(tally_);
  }
  std::vector<flow::Event> events_after(std::uint64_t sequence) override {
    std::vector<flow::Event> later;
    for (const auto& event : events_) {
      if (event.sequence > sequence) later.push_back(event);
    }
    return later;
  }
  void reload(std::function<void(std::vector<conf::Problem>)> done) override { done(problems_); }
  void drain() override { drained_.set_value(); }
  admin::BypassList bypass() override { return bypass_; }
  boost::system::result<void, std::string> add_bypass(const admin::BypassRequest& request) override {
    if (request.what == "refused") return std::string("this is neither an address, nor a prefix");
    bypass_.added.push_back({request.what, request.flows, request.duration});
    return {};
  }
  std::size_t remove_bypass(const std::string& what, const std::string&) override {
    return std::erase_if(bypass_.added, [&](const auto& one) { return one.what == what; });
  }
  std::vector<admin::TlsException> exceptions() override { return exceptions_; }
  std::size_t remove_exceptions(const std::string& what, const std::string& who) override {
    who_ = who;
    return std::erase_if(exceptions_, [&](const auto& one) { return one.name == what; });
  }
  std::optional<admin::CaFiles> ca_files() override { return ca_files_; }
  admin::JoinReport joins() override { return joins_; }
  admin::KernelCounters kernel_counters() override { return kernel_; }
  admin::Explanation explain(const admin::Question& question) override { return admin::explain({}, question, {}); }

  admin::Status status_;
  flow::Counters one_;
  flow::Counters two_;
  std::vector<flow::Record> flows_;
  flow::TallyReport tally_;
  int asked_ = 0;  // for it
  std::vector<flow::Event> events_;
  std::vector<conf::Problem> problems_;
  admin::BypassList bypass_;
  std::vector<admin::TlsException> exceptions_;
  std::string who_;
  std::optional<admin::CaFiles> ca_files_;
  admin::JoinReport joins_;
  admin::KernelCounters kernel_;
  std::promise<void> drained_;
  bool answers_ = true;
};

inline flow::Record made_up_flow(std::uint64_t id, const char* client = "192.0.2.1:40000") {
  flow::Record record;
  record.id = id;
  record.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000 + static_cast<int>(id)));
  static_cast<policy::Endpoint&>(record.client) = *policy::Endpoint::parse(client);
  static_cast<policy::Endpoint&>(record.destination) = *policy::Endpoint::parse("198.51.100.7:443");
  return record;
}

// A client's connection: sends what it is told, reads with a time-out so that a test cannot hang.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  // False when the other side has closed already.
  bool send(const std::string& text) {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(text), error);
    return !error;
  }
  std::string until(const std::string& mark) {
    while (read_.find(mark) == std::string::npos && fill()) continue;
    const auto found = read_.find(mark);
    return take(found == std::string::npos ? read_.size() : found + mark.size());
  }
  // One reply with a Content-Length.
  std::string reply() {
    auto text = until("\r\n\r\n");
    const auto field = text.find("Content-Length: ");
    if (field == std::string::npos) return text;
    const auto length = std::stoul(text.substr(field + 16));
    while (read_.size() < length && fill()) continue;
    return text + take(std::min<std::size_t>(length, read_.size()));
  }
  // All that comes until the other side closes; "still open" when it does not.
  std::string until_closed() {
    while (fill()) continue;
    return end_ == End::timeout ? "still open" : take(read_.size());
  }
  // The next that comes is the other side's end, and not a reset.
  bool closed_in_order() { return !fill() && end_ == End::closed; }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  enum class End { none, closed, reset, timeout };

  // By recv, as Asio's blocking reads wait on after SO_RCVTIMEO.
  bool fill() {
    std::array<char, 65536> part{};
    const auto count = ::recv(socket_.native_handle(), part.data(), part.size(), 0);
    if (count > 0) read_.append(part.data(), static_cast<std::size_t>(count));
    end_ = count > 0 ? End::none : count == 0 ? End::closed : errno == EAGAIN ? End::timeout : End::reset;
    return count > 0;
  }
  std::string take(std::size_t count) {
    auto text = read_.substr(0, count);
    read_.erase(0, count);
    return text;
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_{context_};
  std::string read_;
  End end_ = End::none;
};

struct AdminFixture {
  explicit AdminFixture(admin::Limits limits = {}, std::filesystem::path token_file = {})
      : settings{{policy::Address::v4(127, 0, 0, 1), 0}, std::move(token_file)},
        service(context, settings, gateway, limits) {
    gateway.status_.phase = admin::Phase::running;
    gateway.status_.rules_installed = true;
  }
  ~AdminFixture() {
    if (!thread.joinable()) return;
    on_thread([this] { service.stop(); });
    context.stop();
    thread.join();
  }
  AdminFixture(const AdminFixture&) = delete;
  AdminFixture& operator=(const AdminFixture&) = delete;

  void start() {
    const auto started = service.start();
    if (!started) throw std::runtime_error(started.error());
    port = service.local().port;
    thread = std::thread([this] { context.run(); });
  }
  // On the service's thread, done when this returns.
  template <typename Function>
  void on_thread(Function function) {
    std::promise<void> done;
    boost::asio::post(context, [&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }
  void announce(std::uint64_t sequence) {
    on_thread([&] {
      gateway.events_.push_back({sequence, std::chrono::system_clock::time_point{}, "test", {{"n", "v"}}});
      service.announce(gateway.events_.back());
    });
  }
  // One request on a connection of its own; all that comes back.
  std::string ask(const std::string& method, const std::string& target, const std::string& fields = {},
                  const std::string& body = {}) const {
    RawClient client(port);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + fields + "\r\n" +
                body);
    return client.until_closed();
  }

  boost::asio::io_context context{1};
  // The thread stays when a test stops the service.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  MadeUpGateway gateway;
  conf::AdminSettings settings;
  admin::Service service;
  std::uint16_t port = 0;
  std::thread thread;
};

inline std::string status_of(const std::string& reply) { return reply.substr(0, reply.find("\r\n")); }
inline std::string body_of(const std::string& reply) {
  const auto end = reply.find("\r\n\r\n");
  return end == std::string::npos ? std::string{} : reply.substr(end + 4);
}

}  // namespace weir::test
