// SPDX-License-Identifier: MIT
// One look at the sockets of one or several network namespaces, and what is to be said about it; with rates, two looks
// or one after the other.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/sockets_names.hpp"
#include "cmd/sockets_notes.hpp"
#include "libtcp/sockets/counters.hpp"
#include "libtcp/sockets/namespaces.hpp"
#include "libtcp/sockets/query.hpp"

namespace tcp::cmd {

using StopFlag = std::atomic<bool>;

inline constexpr Duration kUsualRatePeriod = std::chrono::seconds(1);  // when only the filter asks for rates

// Until then, unless `stop` is set, or `on_tick`, called every few hundredths of a second, says true.
void nap_until(
    MonotonicTime time, const Clock& clock, const StopFlag& stop,
    const std::function<bool()>& on_tick = [] { return false; });

class SocketsPass {
 public:
  // No namespaces: this process's own, which then goes without a name.
  SocketsPass(sockets::Query query, std::vector<sockets::NetworkNamespace> namespaces)
      : query_(std::move(query)), namespaces_(std::move(namespaces)) {}

  // Names of interfaces belong to a namespace: they are forgotten between two.
  void set_names(SocketNames& names) { names_ = &names; }
  void set_filter(const sockets::Filter& filter) { query_.filter = filter; }

  // Rates are those between this look and the one before it.
  void begin_look(MonotonicTime now);
  void repeat_look(MonotonicTime now) { rates_.repeat_look(now); }
  // The look that the first rates are told against, and the time until the next: shows nothing.
  [[nodiscard]] Result<void> look_before(const Clock& clock, Duration period);

  // The handler may be called in another thread, while this one waits. A namespace that cannot be asked is a warning,
  // an error when it is the only one.
  [[nodiscard]] Result<void> run(SocketsNotes& notes, const sockets::RowHandler& handler);
  // Summed over the namespaces; what is counted for the whole host is told once.
  [[nodiscard]] Result<std::vector<std::optional<std::uint64_t>>> read_counters() const;

  [[nodiscard]] const sockets::Query& query() const noexcept { return query_; }
  // By the name that rows have; null: the own one.
  [[nodiscard]] const sockets::NetworkNamespace* find(std::string_view label) const;

 private:
  [[nodiscard]] Result<void> prime(MonotonicTime now);
  using Handle = std::function<Result<sockets::QueryOutcome>(const sockets::Query&)>;
  [[nodiscard]] Result<void> in_each(const sockets::Query& query, SocketsNotes& notes, const Handle& handle);

  sockets::Query query_;
  std::vector<sockets::NetworkNamespace> namespaces_;
  sockets::RateKeeper rates_;
  SocketNames* names_ = nullptr;
};

}  // namespace tcp::cmd
