// SPDX-License-Identifier: MIT
#include "libtcp/trace/pmtu_search.hpp"

#include <algorithm>

namespace tcp::trace {
namespace {

constexpr std::uint32_t kLeastV4 = 68;    // RFC 791
constexpr std::uint32_t kLeastV6 = 1280;  // RFC 8200 §5

}  // namespace

MtuSearch::MtuSearch(const MtuSearchOptions& options)
    : options_(options), passes_(std::min(options.least, options.most)) {}

bool MtuSearch::is_plausible(const MtuNotice& notice, Family family) noexcept {
  if (!notice.mtu) return family == Family::v4;  // routers older than RFC 1191 say zero
  return *notice.mtu < notice.size && *notice.mtu >= (family == Family::v4 ? kLeastV4 : kLeastV6);
}

std::optional<std::uint32_t> MtuSearch::next() const {
  const std::uint32_t first_bad = fails_.value_or(options_.most + 1);
  if (passes_ + 1 >= first_bad) return std::nullopt;
  if (!fails_) return options_.most;
  if (hint_ && passes_ < *hint_ && *hint_ < first_bad) return *hint_;
  // What is told of is not looked for: the router's word is exact, once its size came through.
  if (hint_ && passes_ == *hint_ && fails_told_) return std::nullopt;
  return passes_ + (first_bad - passes_) / 2;
}

MtuProbe& MtuSearch::probe(std::uint32_t size) {
  const auto known = std::ranges::find(probes_, size, &MtuProbe::size);
  if (known != probes_.end()) return *known;
  probes_.push_back({.size = size});
  return probes_.back();
}

void MtuSearch::sent(std::uint32_t size) { ++probe(size).sent; }

void MtuSearch::passed(std::uint32_t size) {
  MtuProbe& entry = probe(size);
  entry.passed = true;
  any_passed_ = true;
  passes_ = std::max(passes_, size);
  // It was lost by chance, then.
  if (fails_ && *fails_ <= passes_) {
    fails_.reset();
    fails_told_ = false;
  }
}

void MtuSearch::fail(std::uint32_t size, bool told) {
  if (size <= passes_ || (fails_ && size > *fails_)) return;
  fails_told_ = told || (fails_ == size && fails_told_);
  fails_ = size;
}

void MtuSearch::unanswered(std::uint32_t size) {
  if (probe(size).sent >= options_.tries) fail(size, false);
}

bool MtuSearch::told(const MtuNotice& notice) {
  if (!notice.plausible || notice.size <= passes_) return false;
  probe(notice.size).told = true;
  fail(notice.size, true);
  if (notice.mtu) hint_ = std::min(hint_.value_or(*notice.mtu), *notice.mtu);
  return true;
}

}  // namespace tcp::trace
