// SPDX-License-Identifier: MIT
#include "libtcp/stream/transparent_service.hpp"

#include <algorithm>

#include "libtcp/net/original_destination.hpp"
#include "libtcp/stream/establish.hpp"
#include "libtcp/stream/forward_service.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::milliseconds kCirclePause{5};

// One of a set, as long as it lives.
class Member {
 public:
  Member(std::multiset<Endpoint>& all, Endpoint endpoint) : all_(all), place_(all.insert(endpoint)) {}
  ~Member() { all_.erase(place_); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  Member(Member&&) = delete;
  Member& operator=(Member&&) = delete;

 private:
  std::multiset<Endpoint>& all_;
  std::multiset<Endpoint>::iterator place_;
};

// As the kernel says, whatever a PROXY header has said. 0.0.0.0:0 where there is none.
Endpoint remote_endpoint(int socket) {
  const Address address = remote_address(socket);
  const auto* const endpoint = std::get_if<Endpoint>(&address);
  return endpoint != nullptr ? *endpoint : Endpoint{};
}

Error circle(const Endpoint& target) {
  return {make_error_code(Errc::unsupported),
          "forward to " + to_string(target),
          "the firewall brings our own connection back to us: let its rule leave out what this user sends "
          "(meta skuid)",
          {}};
}

}  // namespace

TransparentService::TransparentService(const Executor& executor, const ListenOptions& options,
                                       SessionObserver& observer, const Clock& clock)
    : executor_(executor), forward_(*options.forward), relay_(options.relay), observer_(observer), clock_(clock) {}

void TransparentService::on_listening(std::span<const Address> locals) {
  for (const Address& local : locals) {
    if (const auto* const endpoint = std::get_if<Endpoint>(&local)) listening_.push_back(*endpoint);
  }
}

// TPROXY leaves the destination as it was, so that it is the socket's own address.
Result<Endpoint> TransparentService::destination_of(int socket) const {
  const Endpoint target = net::translated_destination(socket).value_or(local_endpoint(socket));
  const auto is_here = [&](const Endpoint& each) {
    const bool is_any = each.address == IpAddress::any(each.address.family());
    return each.port == target.port && (is_any || each.address == target.address);
  };
  if (std::ranges::any_of(listening_, is_here) && net::is_own_address(target.address)) {
    return make_error(Errc::unsupported, "forward to " + to_string(target),
                      "is this listener itself: nothing has redirected the client here");
  }
  return target;
}

DialOptions TransparentService::dial_to(const Endpoint& target) const {
  DialOptions options;
  options.target = HostTarget{to_string(target.address), target.port};
  options.addresses = {target.address};
  return options;
}

std::vector<std::byte> TransparentService::header_of(Conversation& conversation) const {
  if (!forward_.send_proxy) return {};
  return serialize_proxy_header(*forward_.send_proxy, conversation.channel().addresses());
}

// What we dial may come back to us before we have been told that it stands.
Awaitable<bool> TransparentService::is_ourselves(Endpoint client) {
  if (!net::is_own_address(client.address)) co_return false;
  Timer pause(executor_);
  pause.expires_after(kCirclePause);
  auto [ignored] = co_await pause.async_wait(kToken);
  (void)ignored;
  co_return dialled_.contains(client);
}

Awaitable<void> TransparentService::serve(Conversation& conversation) {
  const int socket = conversation.channel().socket();
  const Endpoint client = remote_endpoint(socket);
  auto target = destination_of(socket);
  const bool is_circle = co_await is_ourselves(client);
  if (target && is_circle) target = std::unexpected(circle(*target));
  if (!target) {
    refuse(conversation, std::move(target).error());
    co_return;
  }
  const DialOptions options = dial_to(*target);
  std::vector<std::byte> header = header_of(conversation);
  auto established = co_await establish(executor_, options, nullptr, observer_, clock_, std::move(header));
  if (!established) {
    refuse(conversation, std::move(established).error());
    co_return;
  }
  const Member dialled(dialled_, local_endpoint(established->channel->socket()));
  report_forwarded(observer_, conversation.id(), *established);
  co_await conversation.relay(executor_, *established->channel, relay_);
}

// The same trouble in a row is said once.
void TransparentService::refuse(Conversation& conversation, Error error) {
  conversation.channel().abort();
  std::string message = error.message();
  if (forward_.outlives_clients && message != last_warning_) {
    last_warning_ = std::move(message);
    observer_.on_warning(error);
  }
  conversation.close(CloseReason::target_failed, std::move(error));
}

}  // namespace tcp::stream
