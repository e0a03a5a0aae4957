// SPDX-License-Identifier: MIT
#include "libtcp/stream/chat.hpp"

#include <algorithm>

#include "libtcp/base/sanitize.hpp"
#include "libtcp/stream/hub.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kLongestCharacter = 4;  // RFC 3629

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// How much of a text that is too long goes first.
std::size_t cut_of(std::string_view text) {
  std::size_t cut = LineSplitter::kLongestLine;
  for (std::size_t i = 0; i + 1 < kLongestCharacter && continues_character(text[cut]); ++i) --cut;
  return continues_character(text[cut]) ? LineSplitter::kLongestLine : cut;
}

struct Said final : HubMemory {
  LineSplitter lines;
};

std::string user(std::uint64_t id) { return "user" + std::to_string(id); }

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

class Chat final : public HubBehaviour {
 public:
  void on_joined(Hub& hub, HubClient& client) override {
    const std::size_t others = hub.size() - 1;
    hub.send(client, bytes_of("* you are " + user(client.id) + "; others here: " + std::to_string(others) + "\n"));
    hub.send_to_others(client, bytes_of("* " + user(client.id) + " joined\n"));
  }

  void on_bytes(Hub& hub, HubClient& client, std::span<const std::byte> bytes) override {
    if (!client.memory) client.memory = std::make_unique<Said>();
    auto& said = static_cast<Said&>(*client.memory);
    std::string all;
    for (const std::string& line : said.lines.push({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
      if (!line.empty()) all += chat_line(client.id, line);
    }
    if (!all.empty()) hub.send_to_others(client, bytes_of(all));
  }

  void on_end(Hub& hub, HubClient& client) override {
    if (client.memory) {
      const auto rest = static_cast<Said&>(*client.memory).lines.take_rest();
      if (rest) hub.send_to_others(client, bytes_of(chat_line(client.id, *rest)));
    }
    hub.finish(client);
  }

  void on_left(Hub& hub, const HubClient& client) override {
    hub.send_to_others(client, bytes_of("* " + user(client.id) + " left\n"));
  }

  bool is_shared() const noexcept override { return true; }
};

}  // namespace

void LineSplitter::add(std::string_view bytes, std::vector<std::string>& lines) {
  while (partial_.size() + bytes.size() > kLongestLine) {
    const std::size_t more = std::min(bytes.size(), kLongestLine + 1 - partial_.size());
    partial_ += bytes.substr(0, more);
    bytes.remove_prefix(more);
    if (partial_.size() <= kLongestLine) break;
    const std::size_t cut = cut_of(partial_);
    lines.push_back(partial_.substr(0, cut));
    partial_.erase(0, cut);
  }
  partial_ += bytes;
}

std::vector<std::string> LineSplitter::push(std::string_view bytes) {
  std::vector<std::string> lines;
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    add(bytes.substr(0, end), lines);
    bytes.remove_prefix(end + 1);
    if (partial_.ends_with('\r')) partial_.pop_back();
    lines.push_back(std::exchange(partial_, {}));
  }
  add(bytes, lines);
  return lines;
}

std::optional<std::string> LineSplitter::take_rest() {
  if (partial_.empty()) return std::nullopt;
  return std::exchange(partial_, {});
}

std::string chat_line(std::uint64_t id, std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '\t', ' ');
  return "<" + user(id) + "> " + sanitize(plain) + "\n";
}

std::unique_ptr<HubBehaviour> make_chat() { return std::make_unique<Chat>(); }

}  // namespace tcp::stream
