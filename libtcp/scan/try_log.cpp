// SPDX-License-Identifier: MIT
#include "libtcp/scan/try_log.hpp"

#include <algorithm>

namespace tcp::scan {
namespace {

constexpr std::size_t kMostBatches = 1U << 18;  // handed out and still remembered
constexpr unsigned kTableBits = 16;

}  // namespace

void FirstTries::add(std::uint64_t first, std::uint64_t end, MonotonicTime now, std::uint32_t round) {
  end_ = end;
  batches_.push_back({first, now, round});
  while (handed_out_ > kMostBatches) {
    batches_.pop_front();
    --handed_out_;
  }
}

const FirstTries::Batch* FirstTries::find(std::uint64_t position) const noexcept {
  if (position >= end_) return nullptr;
  const auto after = std::ranges::upper_bound(batches_, position, {}, &Batch::first);
  return after == batches_.begin() ? nullptr : &*(after - 1);
}

std::optional<FirstTries::Span> FirstTries::take_overdue(MonotonicTime latest) {
  if (handed_out_ == batches_.size() || batches_[handed_out_].sent_at > latest) return std::nullopt;
  const std::uint64_t first = batches_[handed_out_++].first;
  return Span{first, handed_out_ == batches_.size() ? end_ : batches_[handed_out_].first};
}

std::optional<MonotonicTime> FirstTries::oldest() const noexcept {
  if (handed_out_ == batches_.size()) return std::nullopt;
  return batches_[handed_out_].sent_at;
}

LaterTries::LaterTries() : entries_(std::size_t{1} << kTableBits) {}

std::size_t LaterTries::place(std::uint64_t key) noexcept {
  return static_cast<std::size_t>(key * 0x9e3779b97f4a7c15 >> (64 - kTableBits));
}

void LaterTries::add(std::uint64_t key, MonotonicTime now) noexcept { entries_[place(key)] = {key, now}; }

std::optional<MonotonicTime> LaterTries::find(std::uint64_t key) const noexcept {
  const Entry& entry = entries_[place(key)];
  return entry.key == key ? std::optional(entry.sent_at) : std::nullopt;
}

}  // namespace tcp::scan
