// SPDX-License-Identifier: MIT
// When each try left, so that an answer tells its RTT. First tries leave in the order of their positions, so a line a
// batch is enough; later tries are kept in a table of fixed size, where a newer one may take the place of an older one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

class FirstTries {
 public:
  struct Batch {
    std::uint64_t first = 0;  // position; the batch reaches to the first of the next one
    MonotonicTime sent_at;
    std::uint32_t round = 0;
  };
  struct Span {
    std::uint64_t first = 0;
    std::uint64_t last = 0;  // behind the last one
  };

  // Positions only grow.
  void add(std::uint64_t first, std::uint64_t end, MonotonicTime now, std::uint32_t round);
  // Nothing when that is too long ago to be known, or was never.
  [[nodiscard]] const Batch* find(std::uint64_t position) const noexcept;
  // The oldest batch that left at `latest` or before; each is handed out once.
  [[nodiscard]] std::optional<Span> take_overdue(MonotonicTime latest);
  // When the oldest batch that take_overdue() has not handed out left.
  [[nodiscard]] std::optional<MonotonicTime> oldest() const noexcept;

 private:
  std::deque<Batch> batches_;
  std::size_t handed_out_ = 0;  // of those in batches_
  std::uint64_t end_ = 0;
};

class LaterTries {
 public:
  LaterTries();
  void add(std::uint64_t key, MonotonicTime now) noexcept;
  [[nodiscard]] std::optional<MonotonicTime> find(std::uint64_t key) const noexcept;

 private:
  struct Entry {
    std::uint64_t key = ~std::uint64_t{0};
    MonotonicTime sent_at;
  };
  [[nodiscard]] static std::size_t place(std::uint64_t key) noexcept;
  std::vector<Entry> entries_;
};

}  // namespace tcp::scan
