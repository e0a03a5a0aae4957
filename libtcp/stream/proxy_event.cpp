// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_event.hpp"

namespace tcp::stream {
namespace {

ProxyRequested event_of(std::uint64_t id, const ProxyRequest& request, unsigned code) {
  ProxyRequested event;
  event.id = id;
  event.protocol = request.protocol;
  event.method = request.method;
  event.host = request.target.host;
  event.port = request.target.port;
  event.user = request.user;
  event.code = code;
  return event;
}

}  // namespace

void report_granted(SessionObserver& observer, std::uint64_t id, const ProxyRequest& request, unsigned code) {
  observer.on_proxy_request(event_of(id, request, code));
}

void report_refused(SessionObserver& observer, std::uint64_t id, const ProxyRequest& request, unsigned code,
                    std::string why) {
  ProxyRequested event = event_of(id, request, code);
  event.error = std::move(why);
  observer.on_proxy_request(event);
}

Errc code_of(ProxyRefusal refusal) {
  if (refusal == ProxyRefusal::unauthorized || refusal == ProxyRefusal::not_allowed) return Errc::not_permitted;
  if (refusal == ProxyRefusal::too_slow || refusal == ProxyRefusal::timed_out) return Errc::timed_out;
  return Errc::malformed;
}

Error not_ended_in_time() {
  return Error{make_error_code(Errc::timed_out), "proxy request", "the request did not end in time", {}};
}

Error left_before_tunnel() {
  return Error{make_error_code(Errc::malformed), "proxy request", "the client left before its tunnel stood", {}};
}

Error denied_target(const HostTarget& target) {
  return Error{make_error_code(Errc::not_permitted), "target " + to_string(target), "is not allowed", {}};
}

}  // namespace tcp::stream
