// SPDX-License-Identifier: MIT
// How a protocol is asked for TLS, without I/O: the server's bytes go in, ours come out, until TLS may begin or it is
// clear that it may not. Whatever the server sends, a dialogue takes bounded memory and ends after bounded bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "libtcp/stream/starttls_protocol.hpp"

namespace tcp::stream {

// A message is a line, a tag, a packet: whatever the protocol's answers are made of.
inline constexpr std::size_t kLongestStartTlsMessage = 8192;  // bytes
inline constexpr std::size_t kMostStartTlsMessages = 512;
inline constexpr std::size_t kMostStartTlsBytes = 65536;

enum class StartTlsState : std::uint8_t {
  talking,
  ready,      // once the output has been sent, the next byte either way is TLS
  refused,    // the server understood, and there will be no TLS
  malformed,  // its answer breaks the protocol, or there is more of it than there may be before TLS
};

// Whom the dialogue is between, where a protocol has to say it.
struct StartTlsNames {
  std::string client;  // RFC 5321 §4.1.3: a domain or "[192.0.2.1]"
  std::string server;  // a domain
};

class StartTlsDialogue {
 public:
  virtual ~StartTlsDialogue() = default;
  StartTlsDialogue(const StartTlsDialogue&) = delete;
  StartTlsDialogue& operator=(const StartTlsDialogue&) = delete;

  // What has to be sent now; also right at the start.
  [[nodiscard]] std::string take_output();
  // More of what the server sent, cut anywhere. Bytes beyond the answer that lets TLS begin are an attack
  // (CVE-2011-0411): whoever put them there wants them to be taken for what came through TLS.
  StartTlsState receive(std::string_view bytes);
  // Likewise, of bytes that are at hand and have not been read.
  StartTlsState reject_early(std::size_t bytes);

  [[nodiscard]] StartTlsState state() const noexcept { return state_; }
  // "greeting", "EHLO": what the server is to answer, or failed to.
  [[nodiscard]] std::string_view step() const noexcept { return step_; }
  // Why it was refused or is malformed; parts of it are the server's.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 protected:
  StartTlsDialogue() = default;
  // Takes whole messages off the input, for as long as there are any and it is talking.
  virtual void advance() = 0;

  [[nodiscard]] bool is_talking() const noexcept { return state_ == StartTlsState::talking; }
  [[nodiscard]] std::string_view input() const noexcept { return input_; }
  // A message off the front of the input; nothing when there are too many or it is too long, which ends the dialogue.
  [[nodiscard]] std::string take_message(std::size_t bytes);
  void skip(std::size_t bytes) { input_.erase(0, bytes); }

  void say(std::string_view step, std::string_view bytes);
  // Before something is said, to a server that must not know what will be. False: it did, which ends the dialogue.
  bool must_have_waited();
  void finish() noexcept { state_ = StartTlsState::ready; }
  void refuse(std::string reason);
  void refuse_with(std::string_view words);
  void reject(std::string reason);
  // The server's words are none of the protocol's.
  void reject_words(std::string_view words);

 private:
  void end(StartTlsState state, std::string reason);

  StartTlsState state_ = StartTlsState::talking;
  std::string input_;
  std::string output_;
  std::string_view step_ = "greeting";
  std::string reason_;
  std::size_t received_ = 0;
  std::size_t messages_ = 0;
};

[[nodiscard]] std::unique_ptr<StartTlsDialogue> make_starttls_dialogue(StartTls protocol, const StartTlsNames& names);

}  // namespace tcp::stream
