// SPDX-License-Identifier: MIT
#include "libtcp/stream/resolve.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "libtcp/stream/lookup.hpp"
#include "libtcp/stream/ready_set.hpp"

namespace tcp::stream {

using Addresses = Result<std::vector<IpAddress>>;

Addresses literal_address(const IpAddress& address, std::optional<Family> family) {
  if (!family || *family == address.family()) return std::vector{address};
  return make_error(Errc::resolve_failed, "resolve " + to_string(address),
                    "is no " + std::string(to_string(*family)) + " address");
}

Awaitable<Addresses> resolve_until(Executor executor, std::string host, net::ResolveOptions options, Resolver resolver,
                                   MonotonicTime deadline) {
  if (const auto address = parse_ip_address(host)) co_return literal_address(*address, options.family);
  auto waiting = ReadySet::open(executor);
  if (!waiting) co_return std::unexpected(std::move(waiting).error());
  auto lookup = Lookup::start(host, options, std::move(resolver));
  if (!lookup) co_return std::unexpected(std::move(lookup).error());
  if (auto added = waiting->add(lookup->descriptor(), EPOLLIN); !added) co_return std::unexpected(added.error());
  const auto ready = co_await waiting->wait(deadline);
  if (!ready) co_return std::unexpected(ready.error());
  if (ready->empty()) co_return make_error(Errc::timed_out, "resolve " + host);
  co_return lookup->take();
}

std::vector<IpAddress> interleave_families(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> first;
  std::vector<IpAddress> second;
  for (const IpAddress& address : addresses) {
    (address.family() == addresses.front().family() ? first : second).push_back(address);
  }
  std::vector<IpAddress> order;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) order.push_back(first[i]);
    if (i < second.size()) order.push_back(second[i]);
  }
  return order;
}

}  // namespace tcp::stream
