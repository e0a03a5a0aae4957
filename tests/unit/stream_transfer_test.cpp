// SPDX-License-Identifier: MIT
// A transfer's frames, names, digests and codes.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/tls.hpp"
#include "libtcp/stream/tls_words.hpp"
#include "libtcp/stream/transfer_code.hpp"
#include "libtcp/stream/transfer_digest.hpp"
#include "libtcp/stream/transfer_events.hpp"
#include "libtcp/stream/transfer_frames.hpp"
#include "libtcp/stream/transfer_paths.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace std::string_literals;

namespace {

Result<TreeDigest> hash_file(TransferHasher& hasher, int file, std::uint64_t bytes) {
  hasher.begin();
  for (std::uint64_t offset = 0; offset < bytes; offset += kTransferChunkBytes) {
    hasher.submit(file, offset, static_cast<std::size_t>(std::min<std::uint64_t>(kTransferChunkBytes, bytes - offset)));
  }
  return hasher.finish();
}

TransferEntry sample_file() {
  TransferEntry entry;
  entry.id = 7;
  entry.mode = 0640;
  entry.modified_s = -5;
  entry.modified_ns = 999'999'999;
  entry.size = 1;
  entry.path = "a/b";
  return entry;
}

std::optional<SenderFrame> from_sender(std::span<const std::uint8_t> bytes) {
  const auto header = parse_transfer_header(bytes.first<kTransferHeaderBytes>(), TransferRole::sender);
  if (!header) return std::nullopt;
  return parse_sender_frame(*header, bytes.subspan(kTransferHeaderBytes));
}

std::optional<ReceiverFrame> from_receiver(std::span<const std::uint8_t> bytes) {
  const auto header = parse_transfer_header(bytes.first<kTransferHeaderBytes>(), TransferRole::receiver);
  if (!header) return std::nullopt;
  return parse_receiver_frame(*header, bytes.subspan(kTransferHeaderBytes));
}

Sha256 sha256(std::string_view text) {
  Sha256Stream stream;
  stream.update(std::as_bytes(std::span(text)));
  return stream.digest();
}

}  // namespace

TEST_CASE("every frame survives being written, and none that is cut or longer is one") {
  TransferEntry directory = sample_file();
  directory.kind = TransferKind::directory;
  directory.size = 0;
  const std::vector<SenderFrame> frames{PlanFrame{3, 1ULL << 40},
                                        EntryFrame{sample_file()},
                                        StartFrame{7, kTransferChunkBytes},
                                        DataFrame{kTransferChunkBytes},
                                        EndFrame{7, EndStatus::changed, 12, sha256("x")},
                                        LeaveFrame{7, LeaveReason::differs},
                                        DirectoryFrame{directory},
                                        DoneFrame{},
                                        AbortFrame{"no"}};
  for (const SenderFrame& frame : frames) {
    std::vector<std::uint8_t> bytes;
    serialize(frame, bytes);
    const auto again = from_sender(bytes);
    REQUIRE(again);
    CHECK(*again == frame);
    if (std::holds_alternative<DataFrame>(frame)) continue;
    bytes.push_back(0);
    CHECK_FALSE(from_sender(bytes));
    bytes.resize(bytes.size() - 2);
    if (bytes.size() >= kTransferHeaderBytes) CHECK_FALSE(from_sender(bytes));
  }
  const std::vector<ReceiverFrame> answers{AnswerFrame{7, Decision::resume, true, 5, sha256("y"), "why"},
                                           ResultFrame{7, ResultStatus::failed, "no room"}, FinishedFrame{},
                                           AbortFrame{"no"}};
  for (const ReceiverFrame& frame : answers) {
    std::vector<std::uint8_t> bytes;
    serialize(frame, bytes);
    const auto again = from_receiver(bytes);
    REQUIRE(again);
    CHECK(*again == frame);
    const bool is_abort = std::holds_alternative<AbortFrame>(frame);
    CHECK(from_sender(bytes).has_value() == is_abort);
  }
}

TEST_CASE("a text is cut rather than made longer than its frame may be") {
  std::vector<std::uint8_t> bytes;
  serialize(SenderFrame(AbortFrame{std::string(100'000, 'x')}), bytes);
  const auto again = from_sender(bytes);
  REQUIRE(again);
  CHECK(std::get<AbortFrame>(*again).text.size() == 1024);
}

TEST_CASE("lengths are bounded by their type") {
  const auto header = [](std::uint32_t bytes, std::uint8_t type) {
    const std::array<std::uint8_t, kTransferHeaderBytes> raw{
        static_cast<std::uint8_t>(bytes >> 24U), static_cast<std::uint8_t>(bytes >> 16U),
        static_cast<std::uint8_t>(bytes >> 8U), static_cast<std::uint8_t>(bytes), type};
    return parse_transfer_header(raw, TransferRole::sender).has_value();
  };
  CHECK(header(1 << 20, 4));
  CHECK_FALSE(header((1 << 20) + 1, 4));
  CHECK(header(16384, 2));
  CHECK_FALSE(header(16385, 2));
  CHECK_FALSE(header(1, 0));
  CHECK_FALSE(header(1, 9));
  CHECK_FALSE(header(1, 0x11));
}

TEST_CASE("an entry has to make sense") {
  const auto is_good = [](auto change) {
    TransferEntry entry = sample_file();
    change(entry);
    std::vector<std::uint8_t> bytes;
    serialize(SenderFrame(EntryFrame{entry}), bytes);
    return from_sender(bytes).has_value();
  };
  CHECK(is_good([](TransferEntry&) {}));
  CHECK_FALSE(is_good([](TransferEntry& entry) { entry.mode = 04755; }));
  CHECK_FALSE(is_good([](TransferEntry& entry) { entry.modified_ns = 1'000'000'000; }));
  CHECK_FALSE(is_good([](TransferEntry& entry) { entry.size = 1ULL << 63; }));
  CHECK_FALSE(is_good([](TransferEntry& entry) { entry.target = "x"; }));
  CHECK_FALSE(is_good([](TransferEntry& entry) { entry.kind = TransferKind::directory; }));
  CHECK_FALSE(is_good([](TransferEntry& entry) { entry.kind = TransferKind::link; }));
}

TEST_CASE("a preface says who is there") {
  const auto judge = [](std::vector<std::uint8_t> bytes) {
    bytes.resize(kTransferPrefaceBytes);
    return judge_preface(std::span<const std::uint8_t, kTransferPrefaceBytes>(bytes), TransferRole::receiver);
  };
  auto good = transfer_preface(TransferRole::sender);
  CHECK(judge(good) == PrefaceVerdict::good);
  CHECK(judge(transfer_preface(TransferRole::receiver)) == PrefaceVerdict::same_role);
  good[8] = 2;
  CHECK(judge(good) == PrefaceVerdict::other_version);
  CHECK(judge({0x16, 3, 1}) == PrefaceVerdict::tls);
  CHECK(judge({'G', 'E', 'T'}) == PrefaceVerdict::other_protocol);
}

TEST_CASE("paths") {
  for (const std::string& good : {"a"s, "a/b"s, "..."s, "a..b/.c"s, std::string(255, 'n'), "\xff\n"s}) {
    CHECK_FALSE(check_transfer_path(good));
  }
  for (const std::string& bad : {""s, "/"s, "/a"s, "a/"s, "a//b"s, "."s, ".."s, "a/.."s, "../a"s, "a/./b"s, "a\0b"s,
                                 std::string(256, 'n'), "d/.x.tcpbox-part"s}) {
    CHECK_MESSAGE(check_transfer_path(bad), bad);
  }
  std::string deep = "d";
  for (std::size_t i = 1; i < kMostTransferDepth; ++i) deep += "/d";
  CHECK_FALSE(check_transfer_path(deep));
  CHECK(check_transfer_path(deep + "/d"));
  CHECK(last_component("a/b/c") == "c");
  CHECK(last_component("c") == "c");
  CHECK(parent_path("a/b/c") == "a/b");
  CHECK(parent_path("c").empty());
}

TEST_CASE("links lead nowhere outside, also one through the other") {
  for (const char* good : {"b", "./b", "b/c", ".", "../b", "..", "..//b"}) CHECK_FALSE(check_link_target("d/l", good));
  for (const char* bad : {"", "/", "/etc", "../..", "../../x", "b/..", "b/../c", "./../../x"}) {
    CHECK_MESSAGE(check_link_target("d/l", bad), bad);
  }
  CHECK(check_link_target("l", ".."));
  CHECK(check_link_target("d/l", "a\0b"s));
}

TEST_CASE("a partial file's name fits, and is another one for each name") {
  CHECK(partial_name("a") == ".a.tcpbox-part");
  const std::string longest(255, 'n');
  const std::string other = std::string(254, 'n') + "m";
  for (const std::string& name : {longest, other, std::string(243, 'n'), std::string(242, 'n')}) {
    CHECK(partial_name(name).size() <= kMostTransferNameBytes);
    CHECK(check_transfer_path(partial_name(name)));
  }
  CHECK(partial_name(longest) != partial_name(other));
}

TEST_CASE("totals count each outcome once") {
  TransferTotals totals;
  for (const auto outcome : {TransferOutcome::stored, TransferOutcome::unchanged, TransferOutcome::skipped,
                             TransferOutcome::refused, TransferOutcome::failed, TransferOutcome::failed}) {
    totals.count(outcome);
  }
  CHECK(totals.stored == 1);
  CHECK(totals.unchanged == 1);
  CHECK(totals.skipped == 1);
  CHECK(totals.refused == 1);
  CHECK(totals.failed == 2);
}

TEST_CASE("a digest of chunks, by whichever way they come" * doctest::skip(!has_tls())) {
  const std::size_t size = 20 * kTransferChunkBytes + 77;
  std::string data(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : data) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
  std::string digests;
  for (std::size_t at = 0; at < size; at += kTransferChunkBytes) {
    const Sha256 chunk = sha256(std::string_view(data).substr(at, kTransferChunkBytes));
    digests.append(chunk.begin(), chunk.end());
  }
  const Sha256 expected = sha256(digests);
  char name[] = "/tmp/tcpbox-digest-XXXXXX";
  const UniqueFd file(::mkstemp(name));
  REQUIRE(file);
  ::unlink(name);
  REQUIRE(::write(file.get(), data.data(), data.size()) == static_cast<ssize_t>(size));

  TransferHasher hasher;
  const auto of_file = hash_file(hasher, file.get(), size);
  REQUIRE(of_file);
  CHECK(of_file->value() == expected);

  const auto prefix = hash_file(hasher, file.get(), 3 * kTransferChunkBytes);
  REQUIRE(prefix);
  hasher.begin(*prefix);
  for (std::size_t at = 3 * kTransferChunkBytes; at < size; at += kTransferChunkBytes) {
    const auto piece = std::string_view(data).substr(at, kTransferChunkBytes);
    const auto room = hasher.buffer();
    std::ranges::copy(std::as_bytes(std::span(piece)), room.begin());
    hasher.submit(piece.size());
  }
  const auto resumed = hasher.finish();
  REQUIRE(resumed);
  CHECK(resumed->value() == expected);

  const auto beyond = hash_file(hasher, file.get(), size + 1);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code == std::error_code(ENODATA, std::generic_category()));
  const auto nothing = hash_file(hasher, file.get(), 0);
  REQUIRE(nothing);
  CHECK(to_hex(nothing->value()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const auto small = hash_file(hasher, file.get(), 1000);
  REQUIRE(small);
  CHECK(small->value() == sha256(data.substr(0, 1000)));
}

TEST_CASE("codes: the words") {
  std::vector<std::string> words;
  std::string word;
  for (const char letter : std::string(code_words()) + " ") {
    if (letter != ' ') {
      CHECK((letter >= 'a' && letter <= 'z'));
      word += letter;
    } else {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  CHECK(words.size() == kCodeWords);
  CHECK(std::ranges::is_sorted(words));
  CHECK(std::ranges::adjacent_find(words) == words.end());
}

TEST_CASE("codes: what is said, and how hard it is to guess") {
  CHECK(normalize_code(" Acorn_violin  -Able. ") == "acorn-violin-able");
  CHECK_FALSE(normalize_code(""));
  CHECK_FALSE(normalize_code("- -"));
  CHECK_FALSE(normalize_code("a\nb"));
  CHECK_FALSE(normalize_code(std::string(257, 'x')));
  CHECK(code_strength("able-acid-acorn-acre-actor") == 50);
  CHECK(code_strength("able-able-able-able-able") == 10);
  CHECK(code_strength("password") < kLeastCodeBits);
  CHECK(code_strength("password1234") < kLeastCodeBits);
  CHECK(code_strength("aaaaaaaaaaaaaaaaaaaaaaaaaaa") < kLeastCodeBits);
  CHECK(code_strength("a-b-c-d-e-f-g-h-i") < kLeastCodeBits);
  CHECK(code_strength("9f86d081884c7d659a2f") >= kLeastCodeBits);
  CHECK(code_strength("correcthorse-stapleguns-batteries-xylophone") >= kLeastCodeBits);
}

TEST_CASE("codes: one that is made is good, and gives the same key to both" * doctest::skip(!has_tls())) {
  const auto code = make_code();
  REQUIRE(code);
  CHECK(normalize_code(*code) == *code);
  CHECK(*make_code() != *code);
  const auto key = code_key("able-acid-acorn-acre");
  REQUIRE(key);
  CHECK(*key == *code_key("able-acid-acorn-acre"));
  CHECK(*key != *code_key("able-acid-acorn-actor"));
}
