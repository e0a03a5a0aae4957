// SPDX-License-Identifier: MIT
#include "libtcp/scan/prober.hpp"

#include <algorithm>

namespace tcp::scan {
namespace {

constexpr Duration kShortestGrace = std::chrono::milliseconds(300);
constexpr Duration kShortestMeasuredGrace = std::chrono::milliseconds(150);
constexpr unsigned kTriesOfLoss = 4;  // a path that loses nothing needs fewer
constexpr Duration kShortestFirstTimeout = std::chrono::milliseconds(25);
constexpr std::uint64_t kWellMeasured = 1000;  // answers that were timed
constexpr Duration kLongestGrace = std::chrono::seconds(8);
// Neighbours are asked for three times, a second apart, before a router or this host says that there is no such host
// (RFC 4861 §10, and ARP alike).
constexpr Duration kUnreachableTold = std::chrono::milliseconds(3300);
constexpr unsigned kMostPassedOver = 65'536;      // pairs of hosts that are left out, at a time
constexpr std::uint64_t kFewestPortsOfHost = 64;  // of one of several hosts, for its own loss to mean something
constexpr std::uint64_t kFewestLostOfHost = 10;
constexpr unsigned kTriesUnmeasured = 3;  // one probe in ten lost, and one port in a thousand is still missed

constexpr std::uint64_t key_of(std::uint64_t position, unsigned attempt) noexcept { return position << 4 | attempt; }

}  // namespace

Prober::Prober(const ProbeSpace& space, const Technique& technique, const ProberOptions& options, MonotonicTime start)
    : space_(space),
      technique_(technique),
      options_(options),
      order_(space.size(), options.seed),
      first_(begin_of(options.shard, space.size())),
      last_(end_of(options.shard, space.size())),
      next_(first_),
      states_(first_, last_, options.most_remembered, options.window),
      wheel_(std::max(options.timing.rto.maximum * 3 / 2, kLongestGrace), start),
      hosts_(space.targets().size()),
      jitter_(options.seed | 1) {
  Timing& timing = options_.timing;
  if (timing.retries) timing.retries = std::min(*timing.retries, kMostTries - 1);
  timing.rto.minimum = std::min(timing.rto.minimum, timing.rto.maximum);
  first_limits_ = timing.rto;
  counts_.pairs = last_ - first_;
  update_needed();
}

std::uint64_t Prober::target_at(Position position) const noexcept { return space_.target_of(order_[position]); }

// --- sending

// What was due before comes before what is new: it bounds the number of pairs in flight.
void Prober::take_due(std::size_t room, MonotonicTime now, std::vector<Probe>& batch) {
  taken_.clear();
  taken_from_ = next_;
  passing_over_ = false;
  if (stopped_) return;
  take_paced(room, now, batch);
  take_again(room, now, batch);
  take_fresh(room, now, batch);
}

Probe Prober::make_probe(std::uint64_t pair, unsigned tries) {
  return {pair, space_[pair], static_cast<std::uint8_t>(tries), patience(space_.target_of(pair), tries)};
}

// True when it has a place in the batch.
bool Prober::take(Position position, MonotonicTime now, std::vector<Probe>& batch) {
  const std::uint8_t state = states_[position];
  if (PairStates::progress(state) != PairStates::waiting) return false;
  if (PairStates::tries(state) >= kMostTries) {
    end_of_patience(position);
    return false;
  }
  const std::uint64_t pair = order_[position];
  if (is_left_out(pair)) {
    leave_undecided(state);
    leave_out(position);
    return false;
  }
  if (is_given_up(space_.target_of(pair), now)) {
    abandon(position);
    return false;
  }
  batch.push_back(make_probe(pair, PairStates::tries(state)));
  taken_.push_back(position);
  return true;
}

void Prober::take_paced(std::size_t& room, MonotonicTime now, std::vector<Probe>& batch) {
  while (room > 0) {
    const auto position = paced_.take(now);
    if (!position) return;
    if (take(*position, now, batch)) --room;
  }
}

void Prober::take_again(std::size_t& room, MonotonicTime now, std::vector<Probe>& batch) {
  for (; room > 0 && !again_.empty(); again_.pop_front()) {
    const Position position = again_.front();
    if (!paced_.empty() && paced_.contains(target_at(position))) {
      paced_.wait(target_at(position), position);
    } else if (take(position, now, batch)) {
      --room;
    }
  }
}

void Prober::take_fresh(std::size_t& room, MonotonicTime now, std::vector<Probe>& batch) {
  unsigned passed_over = 0;
  for (; room > 0 && next_ < last_ && passed_over < kMostPassedOver && make_room(); ++next_) {
    const std::uint64_t pair = order_[next_];
    if (is_left_out(pair)) {
      leave_out(next_);
      ++passed_over;
      continue;
    }
    ++waiting_;
    if (is_given_up(space_.target_of(pair), now)) {
      abandon(next_);
      continue;
    }
    batch.push_back(make_probe(pair, 0));
    taken_.push_back(next_);
    --room;
  }
  passing_over_ = passed_over == kMostPassedOver;
}

bool Prober::is_left_out(std::uint64_t pair) const noexcept {
  return options_.left_out != nullptr && options_.left_out->hosts.contains(space_.target_of(pair));
}

void Prober::leave_out(Position position) noexcept {
  PairStates::set(states_[position], PairStates::decided);
  ++counts_.left_out;
}

// Forgets the oldest pairs when the ring is full; false while they are still under way.
bool Prober::make_room() {
  while (!states_.has_room_for(next_)) {
    const Position position = states_.base();
    const std::uint8_t state = states_[position];
    if (PairStates::progress(state) == PairStates::waiting) return false;
    if (PairStates::progress(state) == PairStates::silent) {
      --silent_;
      count_silent();
      count_silent_for_host(position);
      if (options_.report_silent) forgotten_.push_back(silent_result(position));
    }
    states_.forget_first();
  }
  return true;
}

std::uint64_t Prober::sent(std::span<const Probe> batch, std::size_t count, MonotonicTime now, std::uint32_t round) {
  std::uint64_t fresh = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Position position = taken_[i];
    std::uint8_t& state = states_[position];
    const unsigned attempt = PairStates::tries(state);
    ++state;
    ++counts_.probes_sent;
    if (attempt > 0) ++counts_.retransmissions;
    if (position >= taken_from_) {
      ++fresh;
      continue;
    }
    later_tries_.add(key_of(position, attempt), now);
    wheel_.add(now + batch[i].patience, key_of(position, attempt + 1));
  }
  // Of several targets, the last one may be new until the end.
  if (fresh > 0 && (taken_from_ == first_ || space_.targets().size() > 1)) last_target_begun_ = now;
  if (fresh > 0) first_tries_.add(taken_from_, taken_[count - 1] + 1, now, round);
  for (std::size_t i = taken_.size(); i-- > count;) {
    if (taken_[i] >= taken_from_) states_[taken_[i]] |= PairStates::kOutOfOrder;
    again_.push_front(taken_[i]);
  }
  taken_.clear();
  if (count > 0) last_sent_ = now;
  return fresh;
}

bool Prober::nothing_to_send() const noexcept { return stopped_ || (again_.empty() && next_ == last_); }

// --- waiting

void Prober::update_needed() noexcept {
  if (options_.timing.retries) {
    needed_ = *options_.timing.retries + 1;
    return;
  }
  const bool measured = loss().tries() > 0;
  const double odds = only_open_ ? 1 : (static_cast<double>(answered_) + 0.5) / (static_cast<double>(overdue_) + 0.5);
  const unsigned tries = measured ? loss().tries_for(options_.timing.confidence, odds) : kTriesUnmeasured;
  needed_ = std::min(tries + (answers_lost_ ? 1 : 0), kMostTries);
}

// What one host of several loses or holds back is little among what all do, and much of what that host was asked.
unsigned Prober::needed_at(Position position) const noexcept {
  const bool several = space_.targets().size() > 1 && space_.port_count() >= kFewestPortsOfHost;
  if (!several || options_.timing.retries || only_open_ || !hosts_.complete()) return needed_;
  const Host* host = hosts_.find(target_at(position));
  if (host == nullptr || host->loss.lost() < kFewestLostOfHost) return needed_;
  return std::max(needed_, std::min(host->loss.tries_for(options_.timing.confidence, 1), kMostTries));
}

// Where a target has one port, what is known of it is known too late.
bool Prober::knows_host_rtts() const noexcept { return space_.port_count() > 1 && rtts_.count() > 0; }

const Host* Prober::host_of(std::uint64_t target) const noexcept {
  return knows_host_rtts() ? hosts_.find(target) : nullptr;
}

Duration Prober::timeout(const Host* host, const RtoLimits& limits) const {
  if (host != nullptr && host->rtt.smoothed()) return host->rtt.timeout(limits);
  if (rtts_.count() > 0) return std::clamp(unmeasured_, limits.minimum, limits.maximum);
  // No backing off: where nothing ever answers, it is not for being asked too often.
  static constexpr RttEstimator kUnmeasured;
  return kUnmeasured.timeout(limits);
}

// Where it is known how soon answers come, and that they do but for loss, the first retries follow sooner.
void Prober::update_first_limits() noexcept {
  first_limits_ = options_.timing.rto;
  const auto usual = rtts_.quantile(0.99);
  if (!usual || rtts_.count() < kWellMeasured || 2 * answered_ < next_ - first_ || needed_ < kTriesOfLoss) return;
  first_limits_.minimum = std::min(first_limits_.minimum, std::max(8 * *usual, kShortestFirstTimeout));
}

// From the first timeout on each is half as long again, up to the usual one. What is gained so is waited for before the
// last try: an outage is outlasted as if all had been usual.
Duration Prober::backed_off(const Host* host, unsigned earlier_tries) const {
  const Duration usual = timeout(host, options_.timing.rto);
  Duration next = timeout(host, first_limits_);
  Duration gained{};
  for (unsigned tries = 0; tries < earlier_tries && next < usual; ++tries) {
    gained += usual - next;
    next = std::min(next * 3 / 2, usual);
  }
  return earlier_tries + 2 == needed_ ? std::min(usual + gained, options_.timing.rto.maximum) : next;
}

// Loss comes in bursts, so retries are spread. Where nothing answers they follow sooner: a late answer to an earlier
// try still counts. The last try of several is waited for no longer than a late answer would take.
Duration Prober::patience(std::uint64_t target, unsigned earlier_tries) {
  if (earlier_tries > 0 && earlier_tries + 1 >= needed_) return grace();
  const Host* host = host_of(target);
  if (earlier_tries == 0) return timeout(host, options_.timing.rto);
  Duration base = backed_off(host, earlier_tries);
  if (rtts_.count() == 0) base /= 2;
  jitter_ = jitter_ * 6364136223846793005 + 1442695040888963407;
  return std::min(base + base * static_cast<std::int64_t>(jitter_ >> 56) / 512, options_.timing.rto.maximum);
}

Duration Prober::grace() const noexcept {
  const Duration shortest = rtts_.count() >= kWellMeasured ? kShortestMeasuredGrace : kShortestGrace;
  return std::clamp(4 * longest_rtt_.value_or(Duration(0)), shortest, kLongestGrace);
}

// When everything is sent and nothing waited for. Where nothing answered, the reason may still come.
MonotonicTime Prober::end() const noexcept {
  const MonotonicTime end = last_sent_ + grace();
  if (stopped_ || rtts_.count() > 0) return end;
  return std::max(end, last_target_begun_ + std::min(kUnreachableTold, 2 * options_.timing.rto.maximum));
}

void Prober::expire(MonotonicTime now) {
  update_needed();
  if (const auto usual = rtts_.quantile(0.99)) unmeasured_ = 2 * *usual;
  update_first_limits();
  take_overdue_first_tries(now);
  due_.clear();
  wheel_.take_due(now, due_);
  for (const std::uint64_t entry : due_) {
    const Position position = entry >> 4;
    const std::uint8_t state = states_[position];
    if (position < states_.base() || PairStates::progress(state) != PairStates::waiting) continue;
    if (PairStates::tries(state) == (entry & 0x0f)) end_of_patience(position);
  }
}

// One timeout for all first tries keeps them in order; a target that is known to be slower gets the rest of its own.
void Prober::take_overdue_first_tries(MonotonicTime now) {
  const Duration patience = timeout(nullptr, first_limits_);
  const bool may_differ = knows_host_rtts();
  while (const auto batch = first_tries_.take_overdue(now - patience)) {
    for (Position position = batch->first; position < batch->last; ++position) {
      const std::uint8_t state = states_[position];
      if (position < states_.base() || state != 1) continue;  // waiting after one try, in its order
      const Host* host = may_differ ? hosts_.find(target_at(position)) : nullptr;
      const Duration own = host == nullptr ? patience : timeout(host, first_limits_);
      if (own > patience) {
        wheel_.add(now + (own - patience), key_of(position, 1));
      } else {
        end_of_patience(position);
      }
    }
  }
}

void Prober::end_of_patience(Position position) {
  std::uint8_t& state = states_[position];
  if ((state & PairStates::kOverdue) == 0) {
    state |= PairStates::kOverdue;
    ++overdue_;
  }
  const unsigned tries = PairStates::tries(state);
  const bool paced = !paced_.empty() && paced_.contains(target_at(position));
  if (tries < (paced ? kMostTries : needed_at(position))) {
    again_.push_back(position);
    return;
  }
  PairStates::set(state, PairStates::silent);
  --waiting_;
  ++silent_;
}

// Loss that showed late: those that were given up too early get their tries.
void Prober::reconsider_silent() {
  if (answered_ == answered_when_reconsidered_ && needed_ == needed_when_reconsidered_) return;
  answered_when_reconsidered_ = answered_;
  needed_when_reconsidered_ = needed_;
  std::uint64_t may_be_early = silent_;
  for (Position position = states_.base(); may_be_early > 0 && position < next_; ++position) {
    std::uint8_t& state = states_[position];
    if (PairStates::progress(state) != PairStates::silent) continue;
    --may_be_early;
    if (PairStates::tries(state) >= needed_at(position)) continue;
    PairStates::set(state, PairStates::waiting);
    --silent_;
    ++waiting_;
    again_.push_back(position);
  }
}

bool Prober::finished(MonotonicTime now) {
  if (!nothing_to_send()) return false;
  if (waiting_ == 0 && silent_ == 0) return true;
  if (stopped_) return now >= end();
  if (waiting_ > 0) return false;
  reconsider_silent();
  return nothing_to_send() && now >= end();
}

MonotonicTime Prober::next_deadline() const noexcept {
  MonotonicTime next = MonotonicTime::max();
  if (!stopped_) {
    next = wheel_.next();
    if (const auto oldest = first_tries_.oldest()) next = std::min(next, *oldest + timeout(nullptr, first_limits_));
  }
  if (nothing_to_send() && (stopped_ || waiting_ == 0)) next = std::min(next, end());
  return next;
}

// --- hosts that take too long

bool Prober::is_given_up(std::uint64_t target, MonotonicTime now) noexcept {
  if (!options_.timing.host_timeout) return false;
  Host& host = hosts_.claim(target);
  if (host.first_sent == MonotonicTime::max()) host.first_sent = now;
  if (now - host.first_sent > *options_.timing.host_timeout) host.given_up = true;
  return host.given_up;
}

void Prober::abandon(Position position) noexcept {
  PairStates::set(states_[position], PairStates::abandoned);
  --waiting_;
  ++abandoned_;
}

}  // namespace tcp::scan
