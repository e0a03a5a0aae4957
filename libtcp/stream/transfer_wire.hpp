// SPDX-License-Identifier: MIT
// Frames over a channel, and what both sides of a transfer do alike.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/transfer_frames.hpp"

namespace tcp::stream {

// Why a transfer got no further.
enum class TransferTrouble : std::uint8_t {
  broken,    // the connection, or the peer ended in the middle: another connection can go on from here
  idle,      // nothing moved for too long; likewise
  protocol,  // the peer speaks it wrongly, or not at all
  aborted,   // the peer said why
  local,     // here
};

struct TransferError {
  TransferTrouble trouble = TransferTrouble::broken;
  Error error;
};
template <class T>
using WireResult = std::expected<T, TransferError>;

class TransferWire {
 public:
  // The channel must outlive it. `idle_timeout` zero: none.
  TransferWire(const Executor& executor, Channel& channel, TransferRole own, Duration idle_timeout, const Clock& clock);
  ~TransferWire();
  TransferWire(const TransferWire&) = delete;
  TransferWire& operator=(const TransferWire&) = delete;

  // Both sides introduce themselves.
  [[nodiscard]] Awaitable<WireResult<void>> introduce();

  // The next header, and its body into body(), unless that is the data of a file.
  [[nodiscard]] Awaitable<WireResult<TransferHeader>> receive_frame();
  [[nodiscard]] std::span<const std::uint8_t> body() const noexcept { return body_; }
  // All of it, from the body of a data frame.
  [[nodiscard]] Awaitable<WireResult<void>> receive_data(std::span<std::byte> room);
  // A frame is at hand without waiting, as far as can be seen.
  [[nodiscard]] bool has_input() const noexcept { return input_end_ - input_begin_ >= kTransferHeaderBytes; }

  // Frames wait here until they are flushed.
  [[nodiscard]] std::vector<std::uint8_t>& output() noexcept { return output_; }
  [[nodiscard]] Awaitable<WireResult<void>> flush();
  [[nodiscard]] Awaitable<WireResult<void>> send_data(std::span<const std::byte> bytes);
  // `bytes` of a file, moved by the kernel; how many there were. The channel is plain.
  [[nodiscard]] Awaitable<WireResult<std::size_t>> send_file(int file, std::uint64_t offset, std::size_t bytes);
  [[nodiscard]] bool is_plain() noexcept { return channel_.source().ready != nullptr; }

  // Says why, and hears the peer out for a while: closing at once would take the words back.
  [[nodiscard]] Awaitable<void> give_up(std::string why);

  [[nodiscard]] TransferError malformed(std::string why) const;
  // The peer said that it ends, and why.
  [[nodiscard]] TransferError gave_up(const std::string& why) const;
  [[nodiscard]] Channel& channel() noexcept { return channel_; }

 private:
  struct Watch;
  [[nodiscard]] Awaitable<WireResult<void>> need(std::size_t bytes);
  [[nodiscard]] Awaitable<WireResult<void>> send_all(std::span<const std::byte> bytes);
  [[nodiscard]] TransferError broken(std::error_code code) const;
  [[nodiscard]] TransferError ended() const;
  void note_activity();

  Executor executor_;
  Channel& channel_;
  TransferRole own_;
  const Clock& clock_;
  std::shared_ptr<Watch> watch_;
  std::vector<std::uint8_t> input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::vector<std::uint8_t> body_;
  std::vector<std::uint8_t> output_;
  std::vector<std::uint8_t> sending_;
};

}  // namespace tcp::stream
