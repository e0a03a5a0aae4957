// SPDX-License-Identifier: MIT
#include "libtcp/stream/faulty_transport.hpp"

#include <poll.h>

#include <algorithm>

#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::milliseconds kPause{2};
// A client that takes nothing does not put its reset off for longer.
constexpr std::chrono::seconds kPatience{30};

// Resets a connection once its peer has everything: what is still in our queue would be lost with it.
class Resetter : public std::enable_shared_from_this<Resetter> {
 public:
  Resetter(const Executor& executor, int socket) : socket_(socket), timer_(executor) {}

  void begin() {
    give_up_at_ = Timer::clock_type::now() + kPatience;
    wait();
  }
  void drop() noexcept {
    socket_ = -1;
    timer_.cancel();
  }
  [[nodiscard]] bool is_done() const noexcept { return is_done_; }

 private:
  void wait() {
    timer_.expires_after(kPause);
    timer_.async_wait([self = shared_from_this()](std::error_code error) {
      if (!error && self->socket_ >= 0) self->look();
    });
  }
  void look() {
    if (unacknowledged_bytes(socket_) > 0 && Timer::clock_type::now() < give_up_at_) return wait();
    is_done_ = true;
    reset_connection(socket_);  // whoever waits for it wakes up
  }

  int socket_;
  Timer timer_;
  Timer::time_point give_up_at_;
  bool is_done_ = false;
};

class FaultyTransport final : public Transport {
 public:
  FaultyTransport(const Executor& executor, int socket, const FaultOptions& faults, std::unique_ptr<Transport> below)
      : socket_(socket),
        left_(faults.reset_after_bytes ? *faults.reset_after_bytes : faults.stall_after_bytes.value_or(0)),
        below_(std::move(below)) {
    if (faults.reset_after_bytes) resetter_ = std::make_shared<Resetter>(executor, socket);
    if (left_ == 0 && resetter_) resetter_->begin();
  }
  ~FaultyTransport() override {
    if (resetter_) resetter_->drop();
  }
  FaultyTransport(const FaultyTransport&) = delete;
  FaultyTransport& operator=(const FaultyTransport&) = delete;
  FaultyTransport(FaultyTransport&&) = delete;
  FaultyTransport& operator=(FaultyTransport&&) = delete;

  Attempt prepare() override { return below_->prepare(); }
  Attempt receive(std::span<std::byte> buffer) override { return left_ == 0 ? stand_still() : below_->receive(buffer); }
  Attempt send(std::span<const std::byte> bytes) override {
    if (left_ == 0) return stand_still();
    const Attempt attempt = below_->send(bytes.first(std::min<std::uint64_t>(bytes.size(), left_)));
    left_ -= attempt.bytes;
    if (left_ == 0 && resetter_) resetter_->begin();
    return attempt;
  }
  Attempt finish_sending() override { return left_ == 0 ? stand_still() : below_->finish_sending(); }
  std::error_code delivery(std::error_code pending) const override { return below_->delivery(pending); }
  bool is_plain() const noexcept override { return false; }
  bool has_buffered() const noexcept override { return left_ > 0 && below_->has_buffered(); }
  bool has_reset() const noexcept override { return resetter_ && resetter_->is_done(); }

 private:
  // For ever, as long as the peer does not give up.
  [[nodiscard]] Attempt stand_still() const {
    pollfd entry{socket_, 0, 0};
    const bool is_gone = ::poll(&entry, 1, 0) == 1;
    if (!is_gone && !has_reset()) return {0, Want::gone, {}};
    const std::error_code error = pending_error(socket_);
    return {0, Want::nothing, error ? error : std::make_error_code(std::errc::connection_reset)};
  }

  int socket_;
  std::uint64_t left_;  // bytes until then
  std::unique_ptr<Transport> below_;
  std::shared_ptr<Resetter> resetter_;
};

}  // namespace

std::unique_ptr<Transport> make_faulty_transport(const Executor& executor, int socket, const FaultOptions& faults,
                                                 std::unique_ptr<Transport> below) {
  return std::make_unique<FaultyTransport>(executor, socket, faults, std::move(below));
}

}  // namespace tcp::stream
