// SPDX-License-Identifier: MIT
#include "libtcp/stream/output_queue.hpp"

#include <algorithm>

namespace tcp::stream {
namespace {

constexpr std::size_t kChunkCost = 64;  // a place in the queue, a counter, an allocation

}  // namespace

Chunk make_chunk(std::span<const std::byte> bytes) {
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

void OutputQueue::push(Chunk chunk, std::size_t skip) {
  if (chunks_.empty()) sent_ = skip;
  cost_ += chunk->size() + kChunkCost;
  chunks_.push_back(std::move(chunk));
}

std::span<const std::byte> OutputQueue::front(std::span<std::byte> scratch) const {
  if (chunks_.empty()) return {};
  const auto first = std::span(*chunks_.front()).subspan(sent_);
  if (chunks_.size() == 1 || first.size() >= scratch.size() / 2) return first;
  std::size_t filled = 0;
  std::size_t skip = sent_;
  for (const Chunk& chunk : chunks_) {
    const auto bytes = std::span(*chunk).subspan(skip);
    const auto some = bytes.first(std::min(bytes.size(), scratch.size() - filled));
    std::ranges::copy(some, scratch.subspan(filled).begin());
    filled += some.size();
    skip = 0;
    if (filled == scratch.size()) break;
  }
  return scratch.first(filled);
}

void OutputQueue::pop(std::size_t bytes) {
  sent_ += bytes;
  while (!chunks_.empty() && sent_ >= chunks_.front()->size()) {
    sent_ -= chunks_.front()->size();
    cost_ -= chunks_.front()->size() + kChunkCost;
    chunks_.pop_front();
  }
}

}  // namespace tcp::stream
