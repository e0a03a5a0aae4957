// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_frames.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "libtcp/packet/bytes.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kMagic = "tcpboxft";
constexpr std::size_t kMostTextBytes = 1024;
constexpr std::uint32_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint16_t kModeBits = 0777;

enum Type : std::uint8_t {
  plan = 0x01,
  entry = 0x02,
  start = 0x03,
  data = 0x04,
  end = 0x05,
  leave = 0x06,
  directory = 0x07,
  done = 0x08,
  answer = 0x11,
  result = 0x12,
  finished = 0x13,
  give_up = 0x1f,
};

template <class Number>
void put(std::vector<std::uint8_t>& to, Number number) {
  for (std::size_t shift = sizeof(Number) * 8; shift > 0; shift -= 8) {
    to.push_back(static_cast<std::uint8_t>(number >> (shift - 8)));
  }
}

void put_text(std::vector<std::uint8_t>& to, std::string_view text) {
  put(to, static_cast<std::uint16_t>(text.size()));
  to.insert(to.end(), text.begin(), text.end());
}

void put_reason(std::vector<std::uint8_t>& to, std::string_view text) { put_text(to, text.substr(0, kMostTextBytes)); }

void put_entry(std::vector<std::uint8_t>& to, const TransferEntry& each) {
  put(to, each.id);
  put(to, static_cast<std::uint8_t>(each.kind));
  put(to, each.mode);
  put(to, static_cast<std::uint64_t>(each.modified_s));
  put(to, each.modified_ns);
  put(to, each.size);
  put_text(to, each.path);
  put_text(to, each.target);
}

// Writes the header once the body is known.
template <class Body>
void put_frame(std::vector<std::uint8_t>& to, Type type, Body body) {
  const std::size_t begin = to.size();
  to.resize(begin + kTransferHeaderBytes);
  body();
  const std::size_t bytes = to.size() - begin - kTransferHeaderBytes;
  for (std::size_t i = 0; i < 4; ++i) to[begin + i] = static_cast<std::uint8_t>(bytes >> (24 - 8 * i));
  to[begin + 4] = type;
}

class BodyReader {
 public:
  explicit BodyReader(std::span<const std::uint8_t> body) : reader_(body) {}
  std::uint8_t u8() { return reader_.u8(); }
  std::uint16_t u16() { return reader_.u16(); }
  std::uint32_t u32() { return reader_.u32(); }
  std::uint64_t u64() { return reader_.u64(); }
  Sha256 digest() {
    Sha256 digest{};
    reader_.copy(digest);
    return digest;
  }
  std::string text() {
    const auto bytes = reader_.take(reader_.u16());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  template <class Enum>
  Enum choice(Enum last) {
    const std::uint8_t value = reader_.u8();
    if (value > static_cast<std::uint8_t>(last)) reader_.fail();
    return static_cast<Enum>(value);
  }
  TransferEntry entry() {
    TransferEntry each;
    each.id = u32();
    each.kind = choice(TransferKind::link);
    each.mode = u16();
    each.modified_s = static_cast<std::int64_t>(u64());
    each.modified_ns = u32();
    each.size = u64();
    each.path = text();
    each.target = text();
    const bool is_sound = each.kind >= TransferKind::file && (each.mode & ~kModeBits) == 0 &&
                          each.modified_ns < kNanosecondsPerSecond &&
                          each.size <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) &&
                          (each.kind == TransferKind::file || each.size == 0) &&
                          (each.kind == TransferKind::link) == !each.target.empty();
    if (!is_sound) reader_.fail();
    return each;
  }
  // All of it was read, and not more.
  template <class Frame>
  std::optional<Frame> whole(Frame frame) const {
    if (!reader_.ok() || reader_.left() != 0) return std::nullopt;
    return frame;
  }

 private:
  packet::Reader reader_;
};

struct SenderWriter {
  std::vector<std::uint8_t>& to;

  void operator()(const PlanFrame& frame) const {
    put_frame(to, plan, [&] {
      put(to, frame.entries);
      put(to, frame.bytes);
    });
  }
  void operator()(const EntryFrame& frame) const {
    put_frame(to, entry, [&] { put_entry(to, frame.entry); });
  }
  void operator()(const StartFrame& frame) const {
    put_frame(to, start, [&] {
      put(to, frame.id);
      put(to, frame.offset);
    });
  }
  void operator()(const DataFrame& frame) const {
    put(to, frame.bytes);
    to.push_back(data);
  }
  void operator()(const EndFrame& frame) const {
    put_frame(to, end, [&] {
      put(to, frame.id);
      put(to, static_cast<std::uint8_t>(frame.status));
      put(to, frame.size);
      to.insert(to.end(), frame.digest.begin(), frame.digest.end());
    });
  }
  void operator()(const LeaveFrame& frame) const {
    put_frame(to, leave, [&] {
      put(to, frame.id);
      put(to, static_cast<std::uint8_t>(frame.reason));
    });
  }
  void operator()(const DirectoryFrame& frame) const {
    put_frame(to, directory, [&] { put_entry(to, frame.entry); });
  }
  void operator()(const DoneFrame&) const {
    put_frame(to, done, [] {});
  }
  void operator()(const AbortFrame& frame) const {
    put_frame(to, give_up, [&] { put_reason(to, frame.text); });
  }
};

struct ReceiverWriter {
  std::vector<std::uint8_t>& to;

  void operator()(const AnswerFrame& frame) const {
    put_frame(to, answer, [&] {
      put(to, frame.id);
      put(to, static_cast<std::uint8_t>(frame.decision));
      put(to, static_cast<std::uint8_t>(frame.replaces ? 1 : 0));
      put(to, frame.offset);
      to.insert(to.end(), frame.digest.begin(), frame.digest.end());
      put_reason(to, frame.text);
    });
  }
  void operator()(const ResultFrame& frame) const {
    put_frame(to, result, [&] {
      put(to, frame.id);
      put(to, static_cast<std::uint8_t>(frame.status));
      put_reason(to, frame.text);
    });
  }
  void operator()(const FinishedFrame&) const {
    put_frame(to, finished, [] {});
  }
  void operator()(const AbortFrame& frame) const {
    put_frame(to, give_up, [&] { put_reason(to, frame.text); });
  }
};

template <class To, class From>
std::optional<To> widen(std::optional<From> frame) {
  if (!frame) return std::nullopt;
  return To(*std::move(frame));
}

}  // namespace

std::string_view to_string(TransferKind kind) {
  switch (kind) {
    case TransferKind::file: return "file";
    case TransferKind::directory: return "directory";
    case TransferKind::link: return "link";
  }
  return "unknown";
}

bool is_data(const TransferHeader& header) noexcept { return header.type == data; }

std::optional<TransferHeader> parse_transfer_header(std::span<const std::uint8_t, kTransferHeaderBytes> bytes,
                                                    TransferRole from) {
  packet::Reader reader(bytes);
  TransferHeader header;
  header.bytes = reader.u32();
  header.type = reader.u8();
  const bool is_known =
      header.type == give_up || (from == TransferRole::sender ? header.type >= plan && header.type <= done
                                                              : header.type >= answer && header.type <= finished);
  const std::size_t most = header.type == data ? kTransferChunkBytes : kMostTransferBodyBytes;
  if (!is_known || header.bytes > most) return std::nullopt;
  return header;
}

std::optional<SenderFrame> parse_sender_frame(const TransferHeader& header, std::span<const std::uint8_t> body) {
  BodyReader reader(body);
  switch (header.type) {
    case plan: {
      PlanFrame frame;
      frame.entries = reader.u64();
      frame.bytes = reader.u64();
      return widen<SenderFrame>(reader.whole(frame));
    }
    case entry: {
      EntryFrame frame{reader.entry()};
      return widen<SenderFrame>(reader.whole(std::move(frame)));
    }
    case start: {
      StartFrame frame;
      frame.id = reader.u32();
      frame.offset = reader.u64();
      return widen<SenderFrame>(reader.whole(frame));
    }
    case data:
      if (header.bytes == 0) return std::nullopt;
      return widen<SenderFrame>(reader.whole(DataFrame{header.bytes}));
    case end: {
      EndFrame frame;
      frame.id = reader.u32();
      frame.status = reader.choice(EndStatus::stopped);
      frame.size = reader.u64();
      frame.digest = reader.digest();
      return widen<SenderFrame>(reader.whole(frame));
    }
    case leave: {
      LeaveFrame frame;
      frame.id = reader.u32();
      frame.reason = reader.choice(LeaveReason::unreadable);
      return widen<SenderFrame>(reader.whole(frame));
    }
    case directory: {
      DirectoryFrame frame{reader.entry()};
      if (frame.entry.kind != TransferKind::directory) return std::nullopt;
      return widen<SenderFrame>(reader.whole(std::move(frame)));
    }
    case done: return widen<SenderFrame>(reader.whole(DoneFrame()));
    case give_up: return widen<SenderFrame>(reader.whole(AbortFrame{reader.text()}));
    default: return std::nullopt;
  }
}

std::optional<ReceiverFrame> parse_receiver_frame(const TransferHeader& header, std::span<const std::uint8_t> body) {
  BodyReader reader(body);
  switch (header.type) {
    case answer: {
      AnswerFrame frame;
      frame.id = reader.u32();
      frame.decision = reader.choice(Decision::failed);
      frame.replaces = reader.u8() != 0;
      frame.offset = reader.u64();
      frame.digest = reader.digest();
      frame.text = reader.text();
      return widen<ReceiverFrame>(reader.whole(std::move(frame)));
    }
    case result: {
      ResultFrame frame;
      frame.id = reader.u32();
      frame.status = reader.choice(ResultStatus::failed);
      frame.text = reader.text();
      return widen<ReceiverFrame>(reader.whole(std::move(frame)));
    }
    case finished: return widen<ReceiverFrame>(reader.whole(FinishedFrame()));
    case give_up: return widen<ReceiverFrame>(reader.whole(AbortFrame{reader.text()}));
    default: return std::nullopt;
  }
}

void serialize(const SenderFrame& frame, std::vector<std::uint8_t>& to) { std::visit(SenderWriter{to}, frame); }
void serialize(const ReceiverFrame& frame, std::vector<std::uint8_t>& to) { std::visit(ReceiverWriter{to}, frame); }

std::vector<std::uint8_t> transfer_preface(TransferRole own) {
  std::vector<std::uint8_t> bytes(kMagic.begin(), kMagic.end());
  bytes.push_back(kTransferVersion);
  bytes.push_back(static_cast<std::uint8_t>(own));
  put(bytes, std::uint16_t{0});
  return bytes;
}

// RFC 8446 §5.1: a TLS record begins with its type, 20 to 23, and 3.
PrefaceVerdict judge_preface(std::span<const std::uint8_t, kTransferPrefaceBytes> bytes, TransferRole own) {
  if (bytes[0] >= 20 && bytes[0] <= 23 && bytes[1] == 3) return PrefaceVerdict::tls;
  if (!std::ranges::equal(bytes.first<8>(), kMagic)) return PrefaceVerdict::other_protocol;
  if (bytes[8] != kTransferVersion) return PrefaceVerdict::other_version;
  return bytes[9] == static_cast<std::uint8_t>(own) ? PrefaceVerdict::same_role : PrefaceVerdict::good;
}

}  // namespace tcp::stream
