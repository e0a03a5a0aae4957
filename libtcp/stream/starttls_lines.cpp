// SPDX-License-Identifier: MIT
// The protocols of lines: SMTP (RFC 3207), IMAP (RFC 9051 §6.2.1), POP3 (RFC 2595 §4), FTP (RFC 4217), NNTP (RFC 4642)
// and ManageSieve (RFC 5804 §2.2).
#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "libtcp/stream/starttls_dialogues.hpp"

namespace tcp::stream {
namespace {

struct Step {
  std::string_view name;
  std::string_view command;   // nothing: the greeting
  std::string_view accepted;  // a code or the beginning of one, or an IMAP tag
  bool needs_offer = false;   // TLS has to be among what this answer lists
  bool names_client = false;  // who we are follows the command
};

enum class Verdict : std::uint8_t { more, yes, no, foreign };

// Of one line; `code` is of the lines of this answer before it, empty at first.
using Judge = Verdict (*)(const Step& step, std::string_view line, std::string& code);
using Offers = bool (*)(std::string_view line);

struct Protocol {
  std::span<const Step> steps;
  Judge judge;
  Offers offers = nullptr;
  bool may_speak_unasked = false;
};

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// `word` is in upper case.
bool is_word(std::string_view text, std::string_view word) noexcept {
  return std::ranges::equal(text, word, [](char a, char b) { return upper(a) == b; });
}

std::string_view take_word(std::string_view& line) noexcept {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

// "250-text" goes on and "250 text" ends; an answer has one code.
Verdict judge_reply(const Step& step, std::string_view line, std::string& code) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() < 3 || !std::ranges::all_of(line.substr(0, 3), is_digit)) return Verdict::foreign;
  const std::string_view own = line.substr(0, 3);
  const char mark = line.size() > 3 ? line[3] : ' ';
  if ((mark != ' ' && mark != '-') || (!code.empty() && code != own)) return Verdict::foreign;
  code = own;
  if (mark == '-') return Verdict::more;
  code.clear();
  return own.starts_with(step.accepted) ? Verdict::yes : Verdict::no;
}

// RFC 959 §4.2: between the first line and the last, any text. 120 promises another answer.
Verdict judge_ftp(const Step& step, std::string_view line, std::string& code) {
  if (!code.empty() && !(line.starts_with(code) && (line.size() == 3 || line[3] == ' '))) return Verdict::more;
  const Verdict verdict = judge_reply(step, line, code);
  return verdict == Verdict::no && line.starts_with("120") ? Verdict::more : verdict;
}

// Every answer that we ask for is a single line.
Verdict judge_nntp(const Step& step, std::string_view line, std::string& code) {
  const Verdict verdict = judge_reply(step, line, code);
  return verdict == Verdict::more ? Verdict::foreign : verdict;
}

Verdict judge_pop3(const Step&, std::string_view line, std::string&) {
  const std::string_view word = take_word(line);
  if (is_word(word, "+OK")) return Verdict::yes;
  return is_word(word, "-ERR") ? Verdict::no : Verdict::foreign;
}

// PREAUTH: whoever is logged in already may not ask for TLS, so an attacker says it in the server's place.
Verdict judge_imap(const Step& step, std::string_view line, std::string&) {
  const std::string_view tag = take_word(line);
  const std::string_view word = take_word(line);
  const bool is_greeting = step.command.empty();
  if (tag == "*" && is_word(word, "BYE")) return Verdict::no;
  if (tag == "*" && is_greeting) {
    if (is_word(word, "OK")) return Verdict::yes;
    return is_word(word, "PREAUTH") ? Verdict::no : Verdict::foreign;
  }
  if (tag == "*") return Verdict::more;
  if (is_greeting || tag != step.accepted) return Verdict::foreign;
  if (is_word(word, "OK")) return Verdict::yes;
  return is_word(word, "NO") || is_word(word, "BAD") ? Verdict::no : Verdict::foreign;
}

// Capabilities are quoted; the answer's word ends them.
Verdict judge_sieve(const Step& step, std::string_view line, std::string&) {
  if (line.starts_with('"')) return step.needs_offer ? Verdict::more : Verdict::foreign;
  const std::string_view word = take_word(line);
  if (is_word(word, "OK")) return Verdict::yes;
  return is_word(word, "NO") || is_word(word, "BYE") ? Verdict::no : Verdict::foreign;
}

bool smtp_offers(std::string_view line) {
  if (line.size() < 4) return false;
  line.remove_prefix(4);
  return is_word(take_word(line), "STARTTLS");
}

bool imap_offers(std::string_view line) {
  if (take_word(line) != "*" || !is_word(take_word(line), "CAPABILITY")) return false;
  while (!line.empty()) {
    if (is_word(take_word(line), "STARTTLS")) return true;
  }
  return false;
}

bool sieve_offers(std::string_view line) { return is_word(take_word(line), "\"STARTTLS\""); }

constexpr Step kGreeting{"greeting", "", "", false, false};
constexpr std::array kSmtp{Step{"greeting", "", "220"}, Step{"EHLO", "EHLO ", "250", true, true},
                           Step{"STARTTLS", "STARTTLS", "220"}};
constexpr std::array kImap{kGreeting, Step{"CAPABILITY", "a1 CAPABILITY", "a1", true},
                           Step{"STARTTLS", "a2 STARTTLS", "a2"}};
constexpr std::array kPop3{kGreeting, Step{"STLS", "STLS", ""}};
constexpr std::array kFtp{Step{"greeting", "", "220"}, Step{"AUTH TLS", "AUTH TLS", "234"}};
constexpr std::array kNntp{Step{"greeting", "", "20"}, Step{"STARTTLS", "STARTTLS", "382"}};
constexpr std::array kSieve{Step{"greeting", "", "", true}, Step{"STARTTLS", "STARTTLS", ""}};

Protocol protocol_of(StartTls protocol) {
  switch (protocol) {
    case StartTls::imap: return {kImap, judge_imap, imap_offers, true};
    case StartTls::pop3: return {kPop3, judge_pop3};
    case StartTls::ftp: return {kFtp, judge_ftp};
    case StartTls::nntp: return {kNntp, judge_nntp};
    case StartTls::sieve: return {kSieve, judge_sieve, sieve_offers};
    default: return {kSmtp, judge_reply, smtp_offers};
  }
}

class LineDialogue final : public StartTlsDialogue {
 public:
  LineDialogue(StartTls protocol, std::string client) : protocol_(protocol_of(protocol)), client_(std::move(client)) {}

 private:
  void advance() override {
    while (is_talking()) {
      const std::size_t end = input().find('\n');
      if (end == std::string_view::npos) return;
      std::string line = take_message(end + 1);
      if (!is_talking()) return;
      line.pop_back();
      if (line.ends_with('\r')) line.pop_back();
      take_line(line);
    }
  }

  void take_line(std::string_view line) {
    const Step& step = protocol_.steps[at_];
    const Verdict verdict = protocol_.judge(step, line, code_);
    if (verdict == Verdict::foreign) return reject_words(line);
    if (verdict == Verdict::no) return refuse_with(line);
    if (step.needs_offer && protocol_.offers(line)) is_offered_ = true;
    if (verdict == Verdict::more) return;
    if (step.needs_offer && !is_offered_) return refuse("the server does not offer TLS");
    if (++at_ == protocol_.steps.size()) return finish();
    if (!protocol_.may_speak_unasked && !must_have_waited()) return;
    const Step& next = protocol_.steps[at_];
    say(next.name, std::string(next.command) + (next.names_client ? client_ : "") + "\r\n");
  }

  Protocol protocol_;
  std::string client_;
  std::size_t at_ = 0;
  std::string code_;
  bool is_offered_ = false;
};

}  // namespace

std::unique_ptr<StartTlsDialogue> make_line_dialogue(StartTls protocol, const StartTlsNames& names) {
  return std::make_unique<LineDialogue>(protocol, names.client);
}

}  // namespace tcp::stream
