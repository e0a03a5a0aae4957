// SPDX-License-Identifier: MIT
#include "libtcp/stream/host_race.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/resolve.hpp"

namespace tcp::stream {
namespace {

// A family that we cannot come from need not be asked for.
std::optional<Family> wanted_family(const DialOptions& options) {
  if (options.family || !options.source_address) return options.family;
  return options.source_address->family();
}

}  // namespace

HostRace::HostRace(const DialOptions& options, SessionObserver& observer, const Clock& clock, Watch watch)
    : options_(options),
      clock_(clock),
      watch_(std::move(watch)),
      started_(clock.now()),
      deadline_(deadline_after(started_, options.timeout)),
      next_start_(started_),
      race_({}, options, observer, clock) {}

Result<void> HostRace::start() {
  if (!options_.addresses.empty()) {
    add(options_.addresses);
    return {};
  }
  if (const auto address = parse_ip_address(target().host)) {
    TCP_TRY_ASSIGN(addresses, literal_address(*address, options_.family));
    add(std::move(addresses));
    return {};
  }
  is_name_ = true;
  net::ResolveOptions lookup;
  lookup.family = wanted_family(options_);
  lookup.numeric_only = options_.numeric_only;
  TCP_TRY_ASSIGN(names, NameLookup::start(target().host, lookup, options_.resolver));
  names_ = std::move(names);
  for (const int fd : names_.descriptors()) TCP_TRY(watch_(fd, EPOLLIN));
  return {};
}

Result<void> HostRace::advance() {
  for (;;) {
    const MonotonicTime now = clock_.now();
    if (now >= deadline_) return std::unexpected(timeout());
    if (!may_start(now)) break;
    if (is_name_ && !resolve_time_) resolve_time_ = now - started_;
    const auto fd = race_.start_next();
    if (race_.refusal()) return std::unexpected(*race_.refusal());
    if (!fd) continue;  // it failed at once: the next one need not wait
    TCP_TRY(watch_(*fd, EPOLLOUT));
    next_start_ = now + options_.attempt_delay;
  }
  if (race_.is_running() || race_.has_next() || !names_.answers().is_complete()) return {};
  return std::unexpected(failure());
}

bool HostRace::may_start(MonotonicTime now) const noexcept {
  if (!race_.has_next() || now < names_.answers().begin()) return false;
  return now >= next_start_ || !race_.is_running();
}

MonotonicTime HostRace::wake() const noexcept {
  if (!race_.has_next()) return deadline_;
  const MonotonicTime paced = race_.is_running() ? next_start_ : MonotonicTime::min();
  return std::min(std::max(paced, names_.answers().begin()), deadline_);
}

bool HostRace::settle(int fd) {
  if (auto addresses = names_.take(fd, clock_.now())) {
    add(std::move(*addresses));
    return false;
  }
  if (race_.settle(fd)) return true;
  next_start_ = clock_.now();
  return false;
}

Dialed HostRace::take_winner() {
  auto winner = race_.take_winner();
  return {std::move(winner.socket), winner.remote, resolve_time_, winner.connect_time};
}

void HostRace::add(std::vector<IpAddress> addresses) {
  has_address_ = has_address_ || !addresses.empty();
  if (options_.source_address) {
    std::erase_if(addresses, [&](const IpAddress& each) { return each.family() != options_.source_address->family(); });
  }
  race_.add(addresses);
}

Error HostRace::timeout() const {
  if (race_.has_begun()) return race_.timeout();
  return Error{make_error_code(Errc::timed_out), "resolve " + target().host, {}, {}};
}

Error HostRace::failure() const {
  if (race_.has_begun()) return race_.failure();
  if (!has_address_) return names_.answers().failure();
  return Error{make_error_code(Errc::resolve_failed),
               "connect to " + target().host,
               "it has no address of the source address's family",
               {}};
}

}  // namespace tcp::stream
