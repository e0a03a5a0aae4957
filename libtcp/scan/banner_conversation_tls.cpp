// SPDX-License-Identifier: MIT
// The part of a conversation that is about TLS.
#include <algorithm>
#include <array>

#include "libtcp/scan/banner_conversation.hpp"
#include "libtcp/scan/banner_patience.hpp"

namespace tcp::scan {

void BannerConversation::start_tls(MonotonicTime now) {
  static const std::array<std::string, 2> kHttp{"h2", "http/1.1"};
  tried_tls_ = true;
  const bool for_http = plan_.inside_tls->name == "http" && !plan_.greeting_in_tls;
  const std::size_t offered = !for_http ? 0 : http_only_ ? 1 : kHttp.size();
  tls_ = task_.tls != nullptr ? task_.tls->make(task_.server_name, std::span(kHttp).last(offered)) : nullptr;
  if (!tls_) {
    ask_next(now, false);
    return;
  }
  stage_ = Stage::handshake;
  heard_.clear();
  judged_ = 0;
  output_ += as_text(tls_->take_output());
  step_deadline_ = now + patience(tls_row());
}

void BannerConversation::on_established(MonotonicTime now) {
  const TlsFacts facts = tls_->facts();
  const bool chose_http2 = facts.alpn == "h2";
  if (!tls_facts_) tls_facts_ = facts;
  if (chose_http2 && !http_only_) {
    http_only_ = true;
    connect_anew(&tls_row());
    return;
  }
  if (best_) {
    finish();  // it was known before TLS began
    return;
  }
  unknown_.reset();
  stage_ = Stage::listening;
  heard_.clear();
  judged_ = 0;
  asked_.clear();
  step_deadline_ = now + at_least_some_rtts(kListen);
  if (!plan_.greeting_in_tls) ask(*plan_.inside_tls, now);
}

// No TLS, or one that we cannot speak: its first bytes tell which.
void BannerConversation::note_failed_tls(const std::string& why) {
  const auto finding = recognize({heard_, "tls", {}, true});
  if (finding && finding->service == "tls") {
    speaks_tls_ = true;
    tls_failure_ = why;
  } else if (!heard_.empty() && !unknown_) {
    unknown_ = Answered{{}, heard_, "tls"};
  }
}

void BannerConversation::give_up_tls(MonotonicTime now) {
  note_failed_tls(tls_->state() == TlsProbe::State::failed ? tls_->failure() : "the handshake does not end");
  ask_next(now, false);
}

void BannerConversation::on_tls_bytes(std::span<const std::uint8_t> bytes, MonotonicTime now) {
  if (stage_ == Stage::handshake) {
    heard_ += as_text(bytes);
    step_deadline_ = now + at_least_some_rtts(may_be_tls(heard_) ? kSettle : kOtherQuestion);
  }
  if (stage_ == Stage::handshake && !may_be_tls(heard_)) {
    const auto finding = recognize({heard_, asked_, {}, false});
    if (finding && finding->service != "tls") {
      tls_.reset();
      stage_ = Stage::asking;
      accept(*finding, now);
      return;
    }
  }
  tls_->receive(bytes);
  output_ += as_text(tls_->take_output());
  if (stage_ == Stage::handshake) {
    if (tls_->state() == TlsProbe::State::failed) give_up_tls(now);
    if (stage_ != Stage::handshake || tls_->state() == TlsProbe::State::handshake) return;
    on_established(now);
    if (!tls_) return;
  }
  const TlsProbe::Bytes payload = tls_->take_payload();
  if (!payload.empty()) hear(payload, now);
  if (tls_ && stage_ != Stage::done && tls_->state() != TlsProbe::State::established) on_ended(now);
}

}  // namespace tcp::scan
