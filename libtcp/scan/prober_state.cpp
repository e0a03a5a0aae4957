// SPDX-License-Identifier: MIT
// How far the prober is, taken out and put back.
#include "libtcp/scan/checkpoint.hpp"
#include "libtcp/scan/prober.hpp"

namespace tcp::scan {

// The try that is under way does not count: its answer may come when nobody listens.
Checkpoint Prober::checkpoint(bool concluded) const {
  Checkpoint checkpoint;
  checkpoint.digest = digest_of(space_, technique_, options_.manner);
  checkpoint.seed = options_.seed;
  checkpoint.pairs = space_.size();
  checkpoint.shard = options_.shard;
  checkpoint.concluded = concluded;
  if (options_.left_out != nullptr) checkpoint.left_out = *options_.left_out;
  checkpoint.counts = counts_;
  checkpoint.counts.unfinished = 0;
  checkpoint.base = states_.base();
  checkpoint.states.reserve(next_ - states_.base());
  for (Position position = states_.base(); position < next_; ++position) {
    const std::uint8_t state = states_[position];
    const unsigned tries = PairStates::tries(state);
    switch (PairStates::progress(state)) {
      case PairStates::decided: checkpoint.states.push_back(PairStates::decided); break;
      case PairStates::silent:
        checkpoint.states.push_back(static_cast<std::uint8_t>(PairStates::silent | tries));
        break;
      case PairStates::waiting:
      case PairStates::abandoned:
        checkpoint.states.push_back(static_cast<std::uint8_t>(concluded || tries == 0 ? tries : tries - 1));
        break;
    }
  }
  return checkpoint;
}

void Prober::restore(const Checkpoint& checkpoint) {
  states_.start_at(checkpoint.base);
  next_ = checkpoint.base + checkpoint.states.size();
  counts_ = checkpoint.counts;
  loss_.restore(counts_.tries_answered, counts_.tries_unanswered);
  for (Position position = checkpoint.base; position < next_; ++position) {
    std::uint8_t state = checkpoint.states[position - checkpoint.base];
    const unsigned tries = PairStates::tries(state);
    switch (PairStates::progress(state)) {
      case PairStates::decided: break;
      case PairStates::silent:
        if (checkpoint.concluded) {
          PairStates::set(state, PairStates::decided);
        } else {
          ++silent_;
        }
        break;
      case PairStates::waiting:
      case PairStates::abandoned:
        PairStates::set(state, PairStates::waiting);
        if (tries == 0) state |= PairStates::kOutOfOrder;
        ++waiting_;
        again_.push_back(position);
        break;
    }
    states_[position] = state;
  }
  answered_ = counts_.open + counts_.unfiltered + counts_.closed;
}

}  // namespace tcp::scan
