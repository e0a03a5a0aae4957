// SPDX-License-Identifier: MIT
#include "libtcp/stream/starttls.hpp"

#include <utility>

#include "libtcp/stream/starttls_dialogues.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostQuoted = 160;  // bytes of the server's words in a reason

std::string quote(std::string_view words) {
  std::string quoted = "\"" + std::string(words.substr(0, kMostQuoted));
  return quoted + (words.size() > kMostQuoted ? "…\"" : "\"");
}

std::string count_bytes(std::size_t bytes) { return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes"); }

}  // namespace

std::string StartTlsDialogue::take_output() { return std::exchange(output_, {}); }

StartTlsState StartTlsDialogue::receive(std::string_view bytes) {
  if (state_ == StartTlsState::ready && !bytes.empty()) return reject_early(bytes.size());
  if (!is_talking()) return state_;
  received_ += bytes.size();
  if (received_ > kMostStartTlsBytes) {
    reject("the server sends more than " + count_bytes(kMostStartTlsBytes) + " before TLS");
    return state_;
  }
  input_ += bytes;
  advance();
  if (state_ == StartTlsState::ready && !input_.empty()) return reject_early(input_.size());
  if (is_talking() && input_.size() > kLongestStartTlsMessage) (void)take_message(input_.size());
  return state_;
}

StartTlsState StartTlsDialogue::reject_early(std::size_t bytes) {
  reject(count_bytes(bytes) +
         " in cleartext after the server's last word before TLS: somebody may have put them there");
  return state_;
}

std::string StartTlsDialogue::take_message(std::size_t bytes) {
  if (bytes > kLongestStartTlsMessage) {
    reject("the server's answer has a part that is longer than " + count_bytes(kLongestStartTlsMessage));
    return {};
  }
  if (++messages_ > kMostStartTlsMessages) {
    reject("the server's answers have more than " + std::to_string(kMostStartTlsMessages) + " parts");
    return {};
  }
  std::string message = input_.substr(0, bytes);
  skip(bytes);
  return message;
}

void StartTlsDialogue::say(std::string_view step, std::string_view bytes) {
  step_ = step;
  output_ += bytes;
}

bool StartTlsDialogue::must_have_waited() {
  if (input_.empty()) return true;
  reject(count_bytes(input_.size()) + " more than the answer: the server does not wait for what it is asked");
  return false;
}

void StartTlsDialogue::refuse(std::string reason) { end(StartTlsState::refused, std::move(reason)); }
void StartTlsDialogue::refuse_with(std::string_view words) { refuse("the server says no: " + quote(words)); }
void StartTlsDialogue::reject(std::string reason) { end(StartTlsState::malformed, std::move(reason)); }
void StartTlsDialogue::reject_words(std::string_view words) { reject("no answer of this protocol: " + quote(words)); }

// Nothing more is said to a server that is given up.
void StartTlsDialogue::end(StartTlsState state, std::string reason) {
  state_ = state;
  reason_ = std::move(reason);
  input_.clear();
  output_.clear();
}

std::unique_ptr<StartTlsDialogue> make_starttls_dialogue(StartTls protocol, const StartTlsNames& names) {
  switch (protocol) {
    case StartTls::ldap: return make_ldap_dialogue();
    case StartTls::xmpp: return make_xmpp_dialogue(names);
    case StartTls::postgres: return make_postgres_dialogue();
    case StartTls::mysql: return make_mysql_dialogue();
    default: return make_line_dialogue(protocol, names);
  }
}

}  // namespace tcp::stream
