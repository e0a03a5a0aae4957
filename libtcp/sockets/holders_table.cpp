// SPDX-License-Identifier: MIT
#include "libtcp/sockets/holders_table.hpp"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace tcp::sockets {
namespace {

// Spreads the inodes, which come in runs, over 2^bits places (Fibonacci hashing).
std::size_t hash(std::uint32_t inode, unsigned bits) {
  return static_cast<std::size_t>((inode * std::uint64_t{0x9e3779b97f4a7c15U}) >> (64U - bits));
}

unsigned bits_for(std::size_t count) { return std::max(4U, static_cast<unsigned>(std::bit_width(count))); }

}  // namespace

InodeSet::InodeSet(std::span<const std::uint32_t> inodes) : slots_(std::size_t{1} << bits_for(2 * inodes.size())) {
  for (const std::uint32_t inode : inodes) {
    if (inode == 0) continue;
    Slot& slot = slot_of(inode);
    if (slot.inode == 0) ++size_;
    slot.inode = inode;
  }
}

InodeSet::Slot& InodeSet::slot_of(std::uint32_t inode) {
  std::size_t at = hash(inode, static_cast<unsigned>(std::countr_zero(slots_.size())));
  while (slots_[at].inode != 0 && slots_[at].inode != inode) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

bool InodeSet::meet(std::uint32_t inode) {
  if (inode == 0) return false;
  Slot& slot = slot_of(inode);
  if (slot.inode == 0) return false;
  if (!std::exchange(slot.met, true)) ++met_;
  return true;
}

// Sorted by (hash of the inode, inode, process ID, descriptor), with the beginning of each hash.
struct HolderIndex::Table {
  using Record = HolderCollector::Record;

  void fill(std::span<const Record> records);
  void sort_and_store(std::span<Record> bucket);

  std::vector<Process> processes;
  HolderCounts counts;
  unsigned bits = 0;
  std::vector<std::uint32_t> begins;  // 2^bits + 1
  std::vector<std::uint32_t> inodes;  // beside the holders
  std::vector<Holder> holders;
};

// A counting sort: descriptors are many, and comparing them all would cost more than finding them.
void HolderIndex::Table::fill(std::span<const Record> records) {
  bits = bits_for(records.size());
  begins.assign((std::size_t{1} << bits) + 1, 0);
  for (const Record& record : records) ++begins[hash(record.inode, bits) + 1];
  for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<std::uint32_t> next(begins.begin(), begins.end() - 1);
  std::vector<Record> sorted(records.size());
  for (const Record& record : records) sorted[next[hash(record.inode, bits)]++] = record;

  inodes.reserve(records.size());
  holders.reserve(records.size());
  for (std::size_t bucket = 0; bucket + 1 < begins.size(); ++bucket) {
    const std::span<Record> part(sorted.data() + begins[bucket], sorted.data() + begins[bucket + 1]);
    begins[bucket] = static_cast<std::uint32_t>(holders.size());
    sort_and_store(part);
  }
  begins.back() = static_cast<std::uint32_t>(holders.size());
}

void HolderIndex::Table::sort_and_store(std::span<Record> bucket) {
  const auto key = [&](const Record& record) {
    return std::tuple(record.inode, processes[record.process].pid, record.descriptor);
  };
  if (bucket.size() > 1) std::ranges::sort(bucket, {}, key);
  for (std::size_t i = 0; i < bucket.size(); ++i) {
    if (i > 0 && key(bucket[i]) == key(bucket[i - 1])) continue;
    inodes.push_back(bucket[i].inode);
    holders.push_back({&processes[bucket[i].process], bucket[i].descriptor});
  }
}

std::size_t HolderCollector::add_process(Process process) {
  processes_.push_back(std::move(process));
  return processes_.size() - 1;
}

void HolderCollector::add(std::uint32_t inode, std::size_t process, int descriptor) {
  records_.push_back({inode, static_cast<std::uint32_t>(process), descriptor});
}

HolderIndex HolderCollector::finish(HolderCounts counts) {
  auto table = std::make_unique<HolderIndex::Table>();
  table->processes = std::exchange(processes_, {});
  table->counts = std::move(counts);
  table->fill(std::exchange(records_, {}));
  return HolderIndex(std::move(table));
}

HolderIndex::HolderIndex() = default;
HolderIndex::HolderIndex(std::unique_ptr<Table> table) : table_(std::move(table)) {}
HolderIndex::HolderIndex(HolderIndex&&) noexcept = default;
HolderIndex& HolderIndex::operator=(HolderIndex&&) noexcept = default;
HolderIndex::~HolderIndex() = default;

std::span<const Holder> HolderIndex::holders_of(std::uint32_t inode) const {
  if (!table_) return {};
  const std::size_t bucket = hash(inode, table_->bits);
  const auto first = table_->inodes.begin() + table_->begins[bucket];
  const auto last = table_->inodes.begin() + table_->begins[bucket + 1];
  const auto [begin, end] = std::equal_range(first, last, inode);
  return std::span(table_->holders)
      .subspan(static_cast<std::size_t>(begin - table_->inodes.begin()), static_cast<std::size_t>(end - begin));
}

const HolderCounts& HolderIndex::counts() const noexcept {
  static const HolderCounts kNone;
  return table_ ? table_->counts : kNone;
}

}  // namespace tcp::sockets
