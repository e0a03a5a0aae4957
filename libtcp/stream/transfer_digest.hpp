// SPDX-License-Identifier: MIT
// The digest of a file in a transfer: SHA-256 of each chunk, and of these digests one after the other, so that several
// cores can share the work and a prefix of whole chunks has a digest too. A file of one chunk has its own SHA-256.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/tls_digest.hpp"
#include "libtcp/stream/transfer_frames.hpp"

namespace tcp::stream {

class TreeDigest {
 public:
  void add(const Sha256& chunk);
  [[nodiscard]] std::uint64_t chunks() const noexcept { return chunks_; }
  [[nodiscard]] Sha256 value() const;
  [[nodiscard]] bool ok() const noexcept { return root_.ok(); }

 private:
  Sha256Stream root_;
  Sha256 first_{};
  std::uint64_t chunks_ = 0;
};

// Hashes the chunks of one file after another, on threads of its own once there is enough to do. Used by one thread.
class TransferHasher {
 public:
  TransferHasher();
  ~TransferHasher();
  TransferHasher(const TransferHasher&) = delete;
  TransferHasher& operator=(const TransferHasher&) = delete;

  // A new file, whose first chunks are known.
  void begin(TreeDigest prefix = {});
  // Room for a chunk that is not hashed any more. Waits until there is some.
  [[nodiscard]] std::span<std::byte> buffer();
  // The first bytes of what buffer() gave are the next chunk; they may be read until the next call of buffer().
  void submit(std::size_t bytes);
  // The next chunk is there, and read by the thread that hashes it.
  void submit(int file, std::uint64_t offset, std::size_t bytes);
  // Of all that was submitted. Errors: reading; a file that is shorter than was said (ENODATA).
  [[nodiscard]] Result<TreeDigest> finish();

 private:
  struct Slot {
    std::vector<std::byte> room;
    int file = -1;  // -1: the bytes are in `room`
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
    bool done = true;
    int error_number = 0;
    Sha256 digest{};
  };

  [[nodiscard]] Slot& slot(std::uint64_t number) { return slots_[number % slots_.size()]; }
  void retire(std::uint64_t until);
  void queue();
  void start_threads();
  void work();
  static void hash(Slot& slot, Sha256Stream& stream);

  std::vector<Slot> slots_;
  TreeDigest tree_;
  Sha256Stream own_;
  int error_number_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t retired_ = 0;

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable finished_;
  std::uint64_t taken_ = 0;   // of those submitted
  std::uint64_t queued_ = 0;  // what threads may take
  bool stopping_ = false;
};

// Whole chunks alone are of use to go on from.
[[nodiscard]] constexpr std::uint64_t whole_chunks(std::uint64_t bytes) noexcept {
  return bytes / kTransferChunkBytes * kTransferChunkBytes;
}

}  // namespace tcp::stream
