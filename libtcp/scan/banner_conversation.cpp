// SPDX-License-Identifier: MIT
#include "libtcp/scan/banner_conversation.hpp"

#include <algorithm>

#include "libtcp/scan/banner_patience.hpp"

namespace tcp::scan {
using namespace std::chrono_literals;

BannerConversation::BannerConversation(BannerTask task, MonotonicTime now)
    : task_(std::move(task)),
      plan_(plan_banner(task_.port)),
      started_(now),
      deadline_(now + task_.timeout),
      step_deadline_(deadline_) {
  if (plan_.client_first) pending_ = plan_.questions[next_question_++];
}

Duration BannerConversation::at_least_some_rtts(Duration duration) const {
  return std::min(std::max(duration, 4 * task_.rtt.value_or(0s)), task_.timeout / 2);
}

// The usual protocol of a port is worth the most time.
Duration BannerConversation::patience(const BannerProtocol& question) const {
  if (is_usual(question.name)) return task_.timeout / 2;
  return at_least_some_rtts(&question == plan_.questions.front() ? kFirstQuestion : kOtherQuestion);
}

bool BannerConversation::is_usual(std::string_view question) const {
  return plan_.client_first && question == plan_.questions.front()->name;
}

void BannerConversation::connect_anew(const BannerProtocol* question) {
  wants_connection_ = true;
  stage_ = Stage::connecting;
  pending_ = question;
  output_.clear();
  tls_.reset();
  asked_.clear();
  question_.clear();
  heard_.clear();
  judged_ = 0;
  step_deadline_ = deadline_;
}

void BannerConversation::on_connected(MonotonicTime now) {
  if (stage_ != Stage::connecting) return;
  connected_ = true;
  if (pending_ != nullptr) {
    ask(*std::exchange(pending_, nullptr), now);
    return;
  }
  stage_ = Stage::listening;
  step_deadline_ = now + at_least_some_rtts(kListen);
}

void BannerConversation::ask(const BannerProtocol& question, MonotonicTime now) {
  asked_ = question.name;
  if (question.tls) {
    start_tls(now);
    return;
  }
  stage_ = Stage::asking;
  question_ = question.question(task_.host);
  say(question_);
  step_deadline_ = now + patience(question);
}

void BannerConversation::ask_next(MonotonicTime now, bool on_this_connection) {
  if (best_ || speaks_tls_) {
    finish();
    return;
  }
  while (next_question_ < plan_.questions.size()) {
    const BannerProtocol& question = *plan_.questions[next_question_++];
    if (question.tls && (tried_tls_ || task_.tls == nullptr)) continue;
    if (on_this_connection) {
      ask(question, now);
    } else {
      connect_anew(&question);
    }
    return;
  }
  finish();
}

void BannerConversation::say(std::string_view bytes) {
  if (!is_inside_tls()) {
    output_ += bytes;
    return;
  }
  tls_->send(as_bytes(bytes));
  output_ += as_text(tls_->take_output());
}

void BannerConversation::on_bytes(std::span<const std::uint8_t> bytes, MonotonicTime now) {
  if (stage_ == Stage::done || stage_ == Stage::connecting) return;
  bytes = bytes.first(std::min(bytes.size(), kMostBytes - received_));
  received_ += bytes.size();
  if (tls_) {
    on_tls_bytes(bytes, now);
  } else {
    hear(bytes, now);
  }
  if (received_ == kMostBytes && stage_ != Stage::done) {
    if (stage_ == Stage::listening || stage_ == Stage::asking) judge(true, now);
    finish();
  }
}

void BannerConversation::hear(std::span<const std::uint8_t> bytes, MonotonicTime now) {
  heard_ += as_text(bytes);
  step_deadline_ = now + at_least_some_rtts(kSettle);
  if (heard_.size() <= kAlwaysJudged || heard_.size() - judged_ > judged_ / 8) judge(false, now);
  const bool is_no_answer = !best_ && stage_ == Stage::asking && !is_usual(asked_);
  if (is_no_answer) step_deadline_ = now + at_least_some_rtts(kOtherQuestion);
}

void BannerConversation::judge(bool ended, MonotonicTime now) {
  if (heard_.empty()) return;
  judged_ = heard_.size();
  auto finding = recognize({heard_, asked_, question_, ended});
  if (finding) {
    accept(std::move(*finding), now);
  } else if (!best_ && (!unknown_ || unknown_->asked == asked_)) {
    unknown_ = Answered{{}, heard_, asked_};
  }
}

// The question of the protocol itself, where something else was answered by it and it has not said much.
const BannerProtocol* BannerConversation::further_question(const Finding& finding) const {
  const bool says_enough = !finding.product.empty() || !finding.version.empty() || !finding.detail.empty();
  if (says_enough || finding.http || asked_further_ || is_inside_tls() || asked_ == finding.service) return nullptr;
  const auto row = std::ranges::find(banner_protocols(), finding.service, &BannerProtocol::name);
  return row != banner_protocols().end() && row->question != nullptr ? &*row : nullptr;
}

void BannerConversation::accept(Finding finding, MonotonicTime now) {
  const Finding::Next next = finding.next;
  const std::string follow_up = finding.follow_up;
  const BannerProtocol* further = further_question(finding);
  best_ = Answered{std::move(finding), heard_, asked_};
  switch (next) {
    case Finding::Next::wait: return;
    case Finding::Next::follow_up:
      if (std::exchange(followed_up_, true)) return;
      say(follow_up);
      return;
    case Finding::Next::tls_here:
      if (tried_tls_ || task_.tls == nullptr) break;
      start_tls(now);
      return;
    case Finding::Next::tls_anew:
      if (tried_tls_ || task_.tls == nullptr) break;
      best_.reset();  // it only said what it is not
      speaks_tls_ = true;
      connect_anew(&tls_row());
      return;
    case Finding::Next::nothing:
      if (further == nullptr) break;
      asked_further_ = true;
      connect_anew(further);
      return;
  }
  finish();
}

void BannerConversation::on_silence(MonotonicTime now) {
  const bool heard_nothing = heard_.empty();
  if (stage_ == Stage::handshake) {
    hung_ = hung_ || heard_nothing;
    give_up_tls(now);
    return;
  }
  if (heard_.size() > judged_) judge(false, now);
  if (stage_ == Stage::done || wants_connection_) return;
  if (is_inside_tls()) {
    if (stage_ == Stage::listening && heard_nothing) {
      ask(*plan_.inside_tls, now);
    } else {
      finish();
    }
    return;
  }
  if (heard_nothing) hung_ = true;
  if (stage_ == Stage::listening && !heard_nothing) {
    finish();  // it greets with something unknown: whatever were asked, it would not be the beginning
  } else {
    ask_next(now, stage_ == Stage::listening);
  }
}

// The connection is over, in order or not.
void BannerConversation::on_last_byte(MonotonicTime now) {
  if (stage_ == Stage::handshake) {
    give_up_tls(now);
    return;
  }
  if (!heard_.empty()) judge(true, now);
  if (stage_ == Stage::done || wants_connection_) return;
  const bool unasked = stage_ == Stage::listening;
  if (is_inside_tls() || unasked) {
    finish();
  } else {
    ask_next(now, false);
  }
}

void BannerConversation::on_ended(MonotonicTime now) {
  if (stage_ == Stage::done || stage_ == Stage::connecting) return;
  if (heard_.empty()) was_closed_ = true;
  on_last_byte(now);
}

void BannerConversation::on_failed(const Error& error, MonotonicTime now) {
  if (stage_ == Stage::done) return;
  if (stage_ == Stage::connecting) {
    connect_failure_ = error.code.message();
    finish();
    return;
  }
  if (heard_.empty()) was_reset_ = true;
  on_last_byte(now);
}

void BannerConversation::on_time(MonotonicTime now) {
  if (stage_ == Stage::done) return;
  if (now >= deadline_) {
    if (stage_ == Stage::connecting && !connected_) connect_failure_ = "no answer";
    if (stage_ != Stage::connecting && heard_.empty()) hung_ = true;
    if (stage_ == Stage::handshake) note_failed_tls("the handshake does not end");
    if (stage_ == Stage::listening || stage_ == Stage::asking) judge(true, now);
    finish();
  } else if (now >= step_deadline_) {
    on_silence(now);
  }
}

void BannerConversation::interrupt(const std::string& why) {
  interruption_ = why;
  finish();
}

BannerOutcome BannerConversation::silent_outcome() const noexcept {
  if (interruption_) return BannerOutcome::not_asked;
  if (!connected_) return connect_failure_ ? BannerOutcome::not_connected : BannerOutcome::not_asked;
  if (hung_) return BannerOutcome::mute;
  if (was_reset_) return BannerOutcome::reset;
  return was_closed_ ? BannerOutcome::closed : BannerOutcome::not_asked;
}

Banner BannerConversation::banner(MonotonicTime now) const {
  Banner banner;
  banner.elapsed = now - started_;
  banner.received_bytes = received_;
  banner.tls = tls_facts_;
  banner.tls_failure = tls_failure_;
  const Answered* answered = best_ ? &*best_ : unknown_ ? &*unknown_ : nullptr;
  const bool is_tls = tls_facts_ || speaks_tls_;
  banner.outcome = best_ || is_tls ? BannerOutcome::identified : unknown_ ? BannerOutcome::unknown : silent_outcome();
  if (is_tls) banner.service = "tls";
  if (answered != nullptr) {
    const std::string_view kept = std::string_view(answered->bytes).substr(0, kMostKept);
    banner.bytes.assign(kept.begin(), kept.end());
    banner.asked = answered->asked;
  }
  if (best_) {
    const Finding& finding = *best_->finding;
    banner.service = finding.service;
    banner.product = finding.product;
    banner.version = finding.version;
    banner.detail = finding.detail;
    banner.http = finding.http;
  } else if (banner.outcome == BannerOutcome::not_connected) {
    banner.detail = *connect_failure_;
  } else if (banner.outcome == BannerOutcome::not_asked) {
    banner.detail = interruption_.value_or("the time was over");
  }
  return banner;
}

}  // namespace tcp::scan
