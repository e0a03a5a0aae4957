// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_only.hpp"

#include <functional>

#include "cmd/options.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostPeers = 1U << 20;  // then all are forgotten and may be new again
constexpr std::string_view kSlow = "slow:";

}  // namespace

Result<void> OnlyRule::add(const std::string& words) {
  for (std::size_t begin = 0; begin <= words.size();) {
    const std::size_t end = std::min(words.find(',', begin), words.size());
    TCP_TRY(add_one(std::string_view(words).substr(begin, end - begin)));
    begin = end + 1;
  }
  return {};
}

Result<void> OnlyRule::add_one(std::string_view word) {
  everything_ = false;
  if (word == "failed") {
    failed_ = true;
  } else if (word == "retransmitted") {
    retransmitted_ = true;
  } else if (word == "new-peer") {
    new_peer_ = true;
  } else if (word.starts_with(kSlow)) {
    auto duration = parse_duration(word.substr(kSlow.size()));
    if (!duration) return in_option("--only " + std::string(word), std::move(duration).error());
    slow_ = *duration;
  } else {
    return usage_error("--only '" + std::string(word) + "'",
                       "must be failed, retransmitted, new-peer or slow:DURATION, as in slow:100ms");
  }
  return {};
}

bool OnlyRule::is_new(const trace::ObservedHandshake& handshake) {
  if (peers_.size() >= kMostPeers) peers_.clear();
  const std::hash<IpAddress> digest;
  const std::uint64_t pair = digest(handshake.client.address) * 0x9e3779b97f4a7c15 ^ digest(handshake.server.address);
  return peers_.insert(pair).second;
}

bool OnlyRule::passes(const trace::ObservedHandshake& handshake) {
  if (everything_) return true;
  const auto is_slow = [&](const std::optional<trace::ObservedRoundTrip>& time) {
    return slow_ && time && time->shortest >= *slow_;
  };
  const bool fresh = new_peer_ && is_new(handshake);
  return fresh || (failed_ && trace::failed(handshake.outcome)) || (retransmitted_ && handshake.retransmitted()) ||
         is_slow(handshake.server_side) || is_slow(handshake.client_side);
}

}  // namespace tcp::cmd
