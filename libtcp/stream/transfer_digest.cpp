// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_digest.hpp"

#include <unistd.h>

#include <algorithm>

namespace tcp::stream {
namespace {

constexpr std::size_t kSlots = 8;
constexpr unsigned kMostThreads = 4;
// Less than this is hashed sooner than another thread wakes up.
constexpr std::size_t kWorthAThread = std::size_t{64} * 1024;
// A piece of a chunk that stays in a core's cache between reading and hashing.
constexpr std::size_t kPieceBytes = std::size_t{128} * 1024;

}  // namespace

void TreeDigest::add(const Sha256& chunk) {
  if (chunks_ == 0) first_ = chunk;
  root_.update(std::as_bytes(std::span(chunk)));
  ++chunks_;
}

Sha256 TreeDigest::value() const { return chunks_ == 1 ? first_ : root_.digest(); }

TransferHasher::TransferHasher() : slots_(kSlots) {}

TransferHasher::~TransferHasher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void TransferHasher::begin(TreeDigest prefix) {
  retire(submitted_);
  tree_ = std::move(prefix);
  error_number_ = 0;
}

std::span<std::byte> TransferHasher::buffer() {
  if (submitted_ >= slots_.size()) retire(submitted_ - slots_.size() + 1);
  Slot& next = slot(submitted_);
  if (next.room.empty()) next.room.resize(kTransferChunkBytes);
  return next.room;
}

void TransferHasher::submit(std::size_t bytes) {
  Slot& next = slot(submitted_);
  next.file = -1;
  next.bytes = bytes;
  queue();
}

void TransferHasher::submit(int file, std::uint64_t offset, std::size_t bytes) {
  (void)buffer();
  Slot& next = slot(submitted_);
  next.file = file;
  next.offset = offset;
  next.bytes = bytes;
  queue();
}

void TransferHasher::queue() {
  Slot& next = slot(submitted_);
  next.error_number = 0;
  if (next.bytes < kWorthAThread && retired_ == submitted_) {
    hash(next, own_);
    next.done = true;
    {
      const std::lock_guard lock(mutex_);
      taken_ = queued_ = ++submitted_;
    }
    retire(submitted_);
    return;
  }
  if (threads_.empty()) start_threads();
  {
    const std::lock_guard lock(mutex_);
    next.done = false;
    queued_ = ++submitted_;
  }
  work_.notify_one();
}

// Their digests go into the tree in the order of the chunks.
void TransferHasher::retire(std::uint64_t until) {
  for (; retired_ < until; ++retired_) {
    Slot& oldest = slot(retired_);
    {
      std::unique_lock lock(mutex_);
      finished_.wait(lock, [&] { return oldest.done; });
    }
    if (oldest.error_number != 0 && error_number_ == 0) error_number_ = oldest.error_number;
    tree_.add(oldest.digest);
  }
}

Result<TreeDigest> TransferHasher::finish() {
  retire(submitted_);
  if (error_number_ != 0) return system_error("read", error_number_);
  if (!tree_.ok() || !own_.ok()) return make_error(Errc::unsupported, "SHA-256", "the library behind it fails");
  return tree_;
}

void TransferHasher::start_threads() {
  const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

void TransferHasher::work() {
  Sha256Stream stream;
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || taken_ < queued_; });
    if (stopping_) return;
    Slot& mine = slot(taken_++);
    lock.unlock();
    hash(mine, stream);
    lock.lock();
    if (!stream.ok()) mine.error_number = EOPNOTSUPP;
    mine.done = true;
    finished_.notify_one();
  }
}

void TransferHasher::hash(Slot& slot, Sha256Stream& stream) {
  stream.restart();
  for (std::size_t done = 0; done < slot.bytes;) {
    auto piece = std::span(slot.room).subspan(slot.file < 0 ? done : 0);
    piece = piece.first(std::min({piece.size(), slot.bytes - done, slot.file < 0 ? slot.bytes : kPieceBytes}));
    if (slot.file >= 0) {
      const ssize_t have = ::pread(slot.file, piece.data(), piece.size(), static_cast<off_t>(slot.offset + done));
      if (have < 0 && errno == EINTR) continue;
      if (have <= 0) {
        slot.error_number = have < 0 ? errno : ENODATA;
        break;
      }
      piece = piece.first(static_cast<std::size_t>(have));
    }
    stream.update(piece);
    done += piece.size();
  }
  slot.digest = stream.digest();
}

}  // namespace tcp::stream
