// SPDX-License-Identifier: MIT
#include "cmd/scan_baseline.hpp"

#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>

namespace tcp::cmd {
namespace {

using Json = nlohmann::json;
using scan::PortState;

constexpr std::size_t kMostPorts = std::size_t{1} << 24;
constexpr std::size_t kMostNested = 32;
constexpr std::streamsize kPiece = 64 * 1024;
constexpr std::size_t kMostSilentPieces = 16;  // 1 MiB of one word is no output of ours

std::optional<PortState> parse_state(std::string_view text) {
  for (const PortState state : {PortState::open, PortState::open_filtered, PortState::unfiltered, PortState::closed,
                                PortState::filtered, PortState::error}) {
    if (to_string(state) == text) return state;
  }
  return std::nullopt;
}

// Ends a word that would fill the memory: the file ends there.
class BoundedSource final : public std::streambuf {
 public:
  explicit BoundedSource(std::streambuf& source) : source_(source) {}
  void on_word() noexcept { silent_pieces_ = 0; }

 private:
  int_type underflow() override {
    if (++silent_pieces_ > kMostSilentPieces) return traits_type::eof();
    const std::streamsize count = source_.sgetn(piece_.data(), kPiece);
    if (count <= 0) return traits_type::eof();
    setg(piece_.data(), piece_.data(), piece_.data() + count);
    return traits_type::to_int_type(piece_[0]);
  }

  std::streambuf& source_;
  std::array<char, static_cast<std::size_t>(kPiece)> piece_;
  std::size_t silent_pieces_ = 0;
};

}  // namespace

// Takes a document word by word, without building it: what it remembers is bounded by what a port is.
class BaselineReader final : public nlohmann::json_sax<Json> {
 public:
  BaselineReader(ScanBaseline& baseline, BoundedSource& source) : baseline_(baseline), source_(source) {}

  [[nodiscard]] bool is_scan() const noexcept { return is_scan_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  bool null() override { return word(); }
  bool boolean(bool value) override {
    if (Frame* frame = object(); frame != nullptr && frame->key == "complete") frame->complete = value;
    return word();
  }
  bool number_integer(number_integer_t /*value*/) override { return word(); }
  bool number_unsigned(number_unsigned_t value) override {
    if (Frame* frame = object(); frame != nullptr && frame->key == "port") frame->port = value;
    return word();
  }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return word(); }
  bool binary(binary_t& /*value*/) override { return word(); }
  bool string(string_t& value) override {
    if (Frame* frame = object()) take(*frame, value);
    return word();
  }
  bool key(string_t& value) override {
    frames_.back().key = value.size() <= kLongestKey ? value : string_t();
    return word();
  }
  bool start_object(std::size_t /*size*/) override { return enter(true); }
  bool start_array(std::size_t /*size*/) override { return enter(false); }
  bool end_array() override {
    frames_.pop_back();
    return word();
  }
  bool end_object() override {
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.type == "port") add_port(frame);
    if (frame.type == "start" && frame.schema == "tcpbox.scan/1" && !frame.technique.empty()) {
      is_scan_ = true;
      baseline_.started_ = frame.started;
    }
    if (frame.type == "summary") baseline_.complete_ = frame.complete;
    if (baseline_.entries_.size() > kMostPorts) return fail("more than 2^24 ports");
    return word();
  }
  bool parse_error(std::size_t position, const std::string& /*token*/, const Json::exception& /*error*/) override {
    return fail("no JSON at byte " + std::to_string(position));
  }

 private:
  static constexpr std::size_t kLongestKey = 32;
  static constexpr std::size_t kLongestValue = 128;

  // An object or array that is open, and of an object what may matter.
  struct Frame {
    bool is_object = false;
    bool complete = false;
    std::uint64_t port = 0;
    std::string key, type, schema, technique, started, target, state;
  };

  bool word() {
    source_.on_word();
    return true;
  }
  bool fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }
  bool enter(bool is_object) {
    if (frames_.size() == kMostNested) return fail("nested too deep");
    frames_.emplace_back().is_object = is_object;
    return word();
  }
  Frame* object() { return !frames_.empty() && frames_.back().is_object ? &frames_.back() : nullptr; }

  static void take(Frame& frame, const std::string& value) {
    if (value.size() > kLongestValue) return;
    for (const auto& [key, member] : {std::pair{"type", &Frame::type}, std::pair{"schema", &Frame::schema},
                                      std::pair{"technique", &Frame::technique}, std::pair{"started", &Frame::started},
                                      std::pair{"target", &Frame::target}, std::pair{"state", &Frame::state}}) {
      if (frame.key == key) frame.*member = value;
    }
  }

  // What makes no sense is passed over.
  void add_port(const Frame& frame) {
    const auto address = parse_ip_address(frame.target);
    const auto state = parse_state(frame.state);
    if (!address || !state || frame.port == 0 || frame.port > 65535) return;
    baseline_.entries_.push_back({{*address, static_cast<std::uint16_t>(frame.port)}, *state});
  }

  ScanBaseline& baseline_;
  BoundedSource& source_;
  std::vector<Frame> frames_;
  std::string problem_;
  bool is_scan_ = false;
};

Result<ScanBaseline> ScanBaseline::load(const std::string& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return usage_error("--baseline: open " + path, std::strerror(errno));
  return read(stream, "--baseline " + path);
}

Result<ScanBaseline> ScanBaseline::read(std::istream& stream, const std::string& name) {
  ScanBaseline baseline;
  BoundedSource source(*stream.rdbuf());
  std::istream bounded(&source);
  BaselineReader reader(baseline, source);
  while (bounded >> std::ws && bounded.peek() != std::istream::traits_type::eof()) {
    if (!Json::sax_parse(bounded, &reader, Json::input_format_t::json, false)) {
      return usage_error(name, "must be the --json or --ndjson output of tcpbox scan; " + reader.problem());
    }
  }
  if (!reader.is_scan()) return usage_error(name, "must be the --json or --ndjson output of tcpbox scan");
  std::ranges::stable_sort(baseline.entries_, {}, &Entry::target);
  const auto repeated = std::ranges::unique(baseline.entries_, {}, &Entry::target);
  baseline.entries_.erase(repeated.begin(), repeated.end());
  return baseline;
}

std::vector<IpAddress> ScanBaseline::answered() const {
  std::vector<IpAddress> hosts;
  for (const Entry& entry : entries_) {
    if (entry.state == PortState::filtered || entry.state == PortState::error) continue;
    if (hosts.empty() || hosts.back() != entry.target.address) hosts.push_back(entry.target.address);
  }
  return hosts;
}

std::optional<ScanChange> ScanBaseline::compare(const scan::PortResult& result) const {
  if (result.state == PortState::error) return std::nullopt;
  const auto found = std::ranges::lower_bound(entries_, result.target, {}, &Entry::target);
  const bool known = found != entries_.end() && found->target == result.target && found->state != PortState::error;
  if (known && found->state == result.state) return std::nullopt;
  if (!known && result.state != PortState::open) return std::nullopt;
  return ScanChange{result.target, known ? std::optional(found->state) : std::nullopt, result.state};
}

}  // namespace tcp::cmd
