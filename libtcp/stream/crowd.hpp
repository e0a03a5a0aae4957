// SPDX-License-Identifier: MIT
// Very many clients that are served in one place, from one descriptor in the event loop, instead of each by a
// conversation of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

class Crowd {
 public:
  // Called after a client's last event has been told.
  using Left = std::function<void(const Closed&)>;

  Crowd() = default;
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  Crowd(Crowd&&) = delete;
  Crowd& operator=(Crowd&&) = delete;
  virtual ~Crowd() = default;

  // `socket` is connected and non-blocking; `transport` borrows it. Reports that it is connected; it may be closed
  // again by the time this returns. Errors: the kernel cannot watch it; nothing was reported then.
  [[nodiscard]] virtual Result<void> welcome(Connected connected, UniqueFd socket,
                                             std::unique_ptr<Transport> transport) = 0;
  // Serves its clients until the event loop ends. Errors: waiting itself fails.
  [[nodiscard]] virtual Awaitable<Result<void>> run() = 0;
  // At once and without a word to the others.
  virtual void close_all(CloseReason reason) = 0;
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
};

}  // namespace tcp::stream
