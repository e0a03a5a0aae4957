// SPDX-License-Identifier: MIT
// XMPP (RFC 6120 §5): streams are opened, the features are read tag by tag, TLS is asked for. No XML parser is needed
// for as much of it as a stream may hold before TLS: no comments, no DTD, no CDATA (§11.1).
#include <optional>

#include "libtcp/stream/starttls_dialogues.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kNamespace = "urn:ietf:params:xml:ns:xmpp-tls";

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '\'': escaped += "&apos;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

struct Tag {
  std::string_view name;  // without its prefix
  bool closes = false;    // "</name>"
  bool is_empty = false;  // "<name/>"
};

// `text` has its angle brackets.
Tag parse_tag(std::string_view text) {
  Tag tag;
  text = text.substr(1, text.size() - 2);
  tag.closes = text.starts_with('/');
  if (tag.closes) text.remove_prefix(1);
  tag.is_empty = text.ends_with('/');
  if (tag.is_empty) text.remove_suffix(1);
  tag.name = text.substr(0, text.find_first_of(kSpaces));
  if (const std::size_t colon = tag.name.find(':'); colon != std::string_view::npos) tag.name.remove_prefix(colon + 1);
  return tag;
}

// Bytes up to the '>' that is in no quotes and with it.
std::optional<std::size_t> tag_size(std::string_view text) {
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != '\0') {
      if (text[i] == quote) quote = '\0';
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '>') {
      return i + 1;
    }
  }
  return std::nullopt;
}

class XmppDialogue final : public StartTlsDialogue {
 public:
  explicit XmppDialogue(std::string_view server) {
    say("stream",
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='" +
            escape(server) + "'>");
  }

 private:
  enum class Place : std::uint8_t { before_stream, in_stream, in_features, answer, in_proceed, in_error };

  void advance() override {
    while (is_talking()) {
      if (!skip_text()) return;
      const auto size = tag_size(input());
      if (!size) return;
      const std::string text = take_message(*size);
      if (is_talking()) take_tag(text);
    }
  }

  // To the next tag. False: there is none yet, or there is text where none may be.
  bool skip_text() {
    const std::size_t bytes = std::min(input().find('<'), input().size());
    const std::string_view text = input().substr(0, bytes);
    if (place_ != Place::in_features && text.find_first_not_of(kSpaces) != std::string_view::npos) {
      reject_words(text);
      return false;
    }
    skip(bytes);
    return !input().empty();
  }

  void take_tag(const std::string& text) {
    if (text.starts_with("<?xml") && place_ == Place::before_stream) return;
    if (text.starts_with("<!") || text.starts_with("<?")) return reject_words(text);
    const Tag tag = parse_tag(text);
    if (tag.closes && tag.name == "stream") return refuse("the server ends the stream");
    switch (place_) {
      case Place::before_stream: return open_stream(tag, text);
      case Place::in_stream: return open_features(tag, text);
      case Place::in_features: return take_feature(tag, text);
      case Place::answer: return take_answer(tag, text);
      case Place::in_proceed: return tag.closes && tag.name == "proceed" ? finish() : reject_words(text);
      case Place::in_error: return refuse_with(tag.name);
    }
  }

  void open_stream(const Tag& tag, const std::string& text) {
    if (tag.name != "stream" || tag.is_empty) return reject_words(text);
    place_ = Place::in_stream;
  }

  void open_features(const Tag& tag, const std::string& text) {
    if (tag.name == "error" && !tag.closes) return open_error(tag);
    if (tag.name != "features" || tag.closes) return reject_words(text);
    place_ = Place::in_features;
    if (tag.is_empty) end_features();
  }

  void take_feature(const Tag& tag, const std::string& text) {
    if (tag.closes && depth_ == 0) return tag.name == "features" ? end_features() : reject_words(text);
    if (tag.closes) {
      --depth_;
      return;
    }
    if (depth_ == 0 && is_of_tls(tag, "starttls", text)) is_offered_ = true;
    if (!tag.is_empty) ++depth_;
  }

  void end_features() {
    if (!is_offered_) return refuse("the server does not offer TLS");
    if (!must_have_waited()) return;
    place_ = Place::answer;
    say("starttls", "<starttls xmlns='" + std::string(kNamespace) + "'/>");
  }

  void take_answer(const Tag& tag, const std::string& text) {
    if (tag.name == "error" && !tag.closes) return open_error(tag);
    if (is_of_tls(tag, "failure", text)) return refuse_with("failure");
    if (!is_of_tls(tag, "proceed", text)) return reject_words(text);
    if (tag.is_empty) return finish();
    place_ = Place::in_proceed;
  }

  // Its first child says what is wrong.
  void open_error(const Tag& tag) {
    if (tag.is_empty) return refuse_with("error");
    place_ = Place::in_error;
  }

  static bool is_of_tls(const Tag& tag, std::string_view name, std::string_view text) {
    return !tag.closes && tag.name == name && text.contains(kNamespace);
  }

  Place place_ = Place::before_stream;
  std::size_t depth_ = 0;  // of elements within the features
  bool is_offered_ = false;
};

}  // namespace

std::unique_ptr<StartTlsDialogue> make_xmpp_dialogue(const StartTlsNames& names) {
  return std::make_unique<XmppDialogue>(names.server);
}

}  // namespace tcp::stream
