// SPDX-License-Identifier: MIT
// Tallies by key in bounded memory: when it is full, the lighter half is forgotten. One that was forgotten and comes
// again begins at nothing, so a tally can be too small, and forgotten() says that some may be; none is too large.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "libtcp/trace/large_pages.hpp"

namespace tcp::trace {

// `Key` has ==; `Value` has weight(). `Hash` is called with a key.
template <class Key, class Value, class Hash>
class TallyTable {
 public:
  struct alignas(64) Entry {  // or it lies on one cache line more than it must
    Key key{};
    Value value{};
    bool used = false;
  };

  explicit TallyTable(std::size_t most, std::uint64_t seed) : most_(most), hash_(seed), entries_(64) {}

  // The tally of a key, new when it was not there. The reference is valid until the next call.
  Value& at(const Key& key) {
    if (Entry& found = slot(key); found.used) return found.value;
    if (size_ >= most_) forget_half();
    if (2 * (size_ + 1) > entries_.size()) rebuild(entries_.size() * 2, 0, 0);
    Entry& fresh = slot(key);
    fresh = Entry{key, Value{}, true};
    ++size_;
    return fresh.value;
  }

  // Null when there is none.
  [[nodiscard]] const Value* find(const Key& key) const {
    const Entry& entry = entries_[place_of(key)];
    return entry.used ? &entry.value : nullptr;
  }
  // Asks for the memory that at() will look at.
  void prefetch(const Key& key) const {
    const auto* entry = reinterpret_cast<const char*>(&entries_[hash_(key) & (entries_.size() - 1)]);
    for (std::size_t offset = 0; offset < sizeof(Entry); offset += 64) __builtin_prefetch(entry + offset, 1);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }  // keys; one may come more than once

  // The heaviest first; equal ones in no order.
  [[nodiscard]] std::vector<const Entry*> heaviest(std::size_t count) const {
    std::vector<const Entry*> all;
    for (const Entry& entry : entries_) {
      if (entry.used) all.push_back(&entry);
    }
    const std::size_t wanted = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(wanted), all.end(),
                      [](const Entry* a, const Entry* b) { return a->value.weight() > b->value.weight(); });
    all.resize(wanted);
    return all;
  }

 private:
  [[nodiscard]] std::size_t place_of(const Key& key) const {
    const std::size_t mask = entries_.size() - 1;
    std::size_t place = hash_(key) & mask;
    while (entries_[place].used && !(entries_[place].key == key)) place = (place + 1) & mask;
    return place;
  }
  Entry& slot(const Key& key) { return entries_[place_of(key)]; }

  void forget_half() {
    std::vector<std::uint64_t> weights;
    for (const Entry& entry : entries_) {
      if (entry.used) weights.push_back(entry.value.weight());
    }
    const auto middle = weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2);
    std::nth_element(weights.begin(), middle, weights.end());
    const auto lighter = std::ranges::count_if(weights, [&](std::uint64_t weight) { return weight < *middle; });
    rebuild(entries_.size(), *middle, size_ - size_ / 2 - static_cast<std::size_t>(lighter));
  }

  // Drops what is lighter than `least`, and `as_light` of those that are just as light.
  void rebuild(std::size_t capacity, std::uint64_t least, std::size_t as_light) {
    std::vector<Entry> old(capacity);
    prefer_large_pages(old);
    old.swap(entries_);
    size_ = 0;
    for (Entry& entry : old) {
      if (!entry.used) continue;
      const std::uint64_t weight = entry.value.weight();
      const bool drop = weight < least || (weight == least && as_light != 0);
      if (drop) {
        if (weight == least) --as_light;
        ++forgotten_;
        continue;
      }
      slot(entry.key) = std::move(entry);
      ++size_;
    }
  }

  std::size_t most_;
  Hash hash_;
  std::vector<Entry> entries_;
  std::size_t size_ = 0;
  std::uint64_t forgotten_ = 0;
};

}  // namespace tcp::trace
