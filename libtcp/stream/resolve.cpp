// SPDX-License-Identifier: MIT
#include "libtcp/stream/resolve.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <thread>

#include "libtcp/stream/ready_set.hpp"

namespace tcp::stream {
namespace {

using Addresses = Result<std::vector<IpAddress>>;

// Shared with the thread, which may outlive the one who asked.
struct Lookup {
  UniqueFd done{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  Addresses answer;
};

void look_up(const std::shared_ptr<Lookup>& lookup, const Resolver& resolver, const std::string& host,
             const net::ResolveOptions& options) {
  Addresses answer = resolver(host, options);
  {
    const std::lock_guard lock(lookup->mutex);
    lookup->answer = std::move(answer);
  }
  ::eventfd_write(lookup->done.get(), 1);
}

Result<void> start_thread(const std::shared_ptr<Lookup>& lookup, Resolver resolver, std::string host,
                          net::ResolveOptions options) {
  try {
    std::thread([lookup, resolver = std::move(resolver), host = std::move(host), options] {
      look_up(lookup, resolver, host, options);
    }).detach();
  } catch (const std::system_error& error) {
    return system_error("start a thread to resolve names", error.code().value());
  }
  return {};
}

}  // namespace

Addresses literal_address(const IpAddress& address, std::optional<Family> family) {
  if (!family || *family == address.family()) return std::vector{address};
  return make_error(Errc::resolve_failed, "resolve " + to_string(address),
                    "is no " + std::string(to_string(*family)) + " address");
}

Awaitable<Addresses> resolve_until(Executor executor, std::string host, net::ResolveOptions options, Resolver resolver,
                                   MonotonicTime deadline) {
  if (const auto address = parse_ip_address(host)) co_return literal_address(*address, options.family);
  const auto lookup = std::make_shared<Lookup>();
  auto waiting = ReadySet::open(executor);
  if (!waiting) co_return std::unexpected(std::move(waiting).error());
  if (auto added = waiting->add(lookup->done.get(), EPOLLIN); !added) co_return std::unexpected(added.error());
  auto started = start_thread(lookup, std::move(resolver), host, options);
  if (!started) co_return std::unexpected(std::move(started).error());
  const auto ready = co_await waiting->wait(deadline);
  if (!ready) co_return std::unexpected(ready.error());
  if (ready->empty()) co_return make_error(Errc::timed_out, "resolve " + host);
  const std::lock_guard lock(lookup->mutex);
  co_return std::move(lookup->answer);
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
