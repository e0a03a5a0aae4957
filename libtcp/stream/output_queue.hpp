// SPDX-License-Identifier: MIT
// What a client has still to be sent: pieces that are shared with other clients.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace tcp::stream {

using Chunk = std::shared_ptr<const std::vector<std::byte>>;

[[nodiscard]] Chunk make_chunk(std::span<const std::byte> bytes);

class OutputQueue {
 public:
  // The chunk without its first `skip` bytes, fewer than all.
  void push(Chunk chunk, std::size_t skip = 0);
  // The front, as much as is in one piece or fits `scratch`: many small chunks are gathered there. Valid until the next
  // call; not empty unless the queue is.
  [[nodiscard]] std::span<const std::byte> front(std::span<std::byte> scratch) const;
  // At most all.
  void pop(std::size_t bytes);

  [[nodiscard]] bool empty() const noexcept { return chunks_.empty(); }
  // What it holds, with what holding it takes: a bound that many tiny chunks do not escape.
  [[nodiscard]] std::size_t cost() const noexcept { return cost_; }

 private:
  std::deque<Chunk> chunks_;
  std::size_t sent_ = 0;  // of the first chunk
  std::size_t cost_ = 0;
};

}  // namespace tcp::stream
