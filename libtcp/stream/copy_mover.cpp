// SPDX-License-Identifier: MIT
#include "libtcp/stream/copy_mover.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <vector>

namespace tcp::stream {
namespace {

constexpr std::size_t kStepBytes = std::size_t{64} * 1024;

class CopyMover final : public Mover {
 public:
  CopyMover(int input, int output) : input_(input), output_(output) {}

  StepResult step(std::uint64_t most) override {
    if (!is_empty()) return empty();
    thread_local std::array<std::byte, kStepBytes> buffer;
    ssize_t got = 0;
    do {
      got = ::recv(input_, buffer.data(), std::min<std::uint64_t>(most, buffer.size()), MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got == 0) return {Step::ended, 0, 0};
    if (got < 0) return explain(Step::input_blocked, Step::input_failed);
    const auto bytes = std::span(buffer).first(static_cast<std::size_t>(got));
    const StepResult sent = send(bytes);
    const auto rest = bytes.subspan(sent.bytes);
    held_.assign(rest.begin(), rest.end());
    return sent;
  }

  bool is_empty() const noexcept override { return sent_ == held_.size(); }

 private:
  StepResult empty() {
    const StepResult sent = send(std::span(held_).subspan(sent_));
    sent_ += sent.bytes;
    if (is_empty()) {
      std::vector<std::byte>().swap(held_);
      sent_ = 0;
    }
    return sent;
  }

  StepResult send(std::span<const std::byte> bytes) const {
    ssize_t sent = 0;
    do {
      sent = ::send(output_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return explain(Step::output_blocked, Step::output_failed);
    return {Step::moved, static_cast<std::size_t>(sent), 0};
  }

  static StepResult explain(Step blocked, Step failed) {
    if (errno == EAGAIN) return {blocked, 0, 0};
    return {failed, 0, errno};
  }

  int input_;
  int output_;
  std::vector<std::byte> held_;
  std::size_t sent_ = 0;  // of what is held
};

}  // namespace

std::unique_ptr<Mover> make_copy_mover(int input, int output) { return std::make_unique<CopyMover>(input, output); }

}  // namespace tcp::stream
