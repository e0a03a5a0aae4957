// SPDX-License-Identifier: MIT
#include "libtcp/stream/name_answers.hpp"

#include <algorithm>

namespace tcp::stream {

void NameAnswers::note(std::optional<Family> asked, const Result<std::vector<IpAddress>>& answer, MonotonicTime now) {
  --pending_;
  if (!answer) {
    // IPv6 first, whichever came first: the same failure has the same words.
    failures_.insert(asked == Family::v6 ? failures_.begin() : failures_.end(), {asked, answer.error()});
    return;
  }
  begin_ = std::min(begin_, asked == Family::v4 ? now + kResolutionDelay : MonotonicTime::min());
}

// One line, also when each family has a reason of its own.
Error NameAnswers::failure() const {
  Error error = failures_.front().error;
  const bool agree = std::ranges::all_of(failures_, [&](const Failure& each) {
    return each.error.code == error.code && each.error.detail == error.detail;
  });
  if (agree) return error;
  error.detail.clear();
  for (const Failure& each : failures_) {
    if (!error.detail.empty()) error.detail += "; ";
    if (each.asked) error.detail += std::string(to_string(*each.asked)) + ": ";
    error.detail += each.error.detail.empty() ? each.error.code.message() : each.error.detail;
  }
  return error;
}

}  // namespace tcp::stream
