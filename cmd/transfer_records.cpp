// SPDX-License-Identifier: MIT
#include "cmd/transfer_records.hpp"

#include <fmt/format.h>

#include <span>

#include "libtcp/base/parse.hpp"
#include "libtcp/stream/tls_words.hpp"

namespace tcp::cmd {
namespace {

Value microseconds(Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }

double rate_of(const stream::TransferTotals& event) {
  const double passed = std::chrono::duration<double>(event.elapsed).count();
  return passed > 0 ? static_cast<double>(event.bytes) / passed : 0;
}

}  // namespace

Record to_record(const stream::TransferPlanned& event) {
  Record record("transfer_planned");
  record.add("id", event.id).add("entries", event.entries).add("bytes", event.bytes);
  return record;
}

Record to_record(const stream::Transferred& event) {
  Record record("file");
  const auto* path = reinterpret_cast<const std::uint8_t*>(event.path.data());
  record.add("id", event.id);
  record.add_bytes("path", std::span(path, event.path.size()));
  record.add("kind", event.kind)
      .add("size_bytes", event.size)
      .add("sha256_tree", event.digest ? Value(stream::to_hex(*event.digest)) : Value(nullptr))
      .add("resumed_from_bytes", event.resumed_from)
      .add("outcome", to_string(event.outcome))
      .add("reason", text_or_null(event.reason))
      .add("elapsed_us", microseconds(event.elapsed));
  return record;
}

Record to_record(const stream::TransferTotals& event) {
  Record record("transfer");
  record.add("id", event.id)
      .add("direction", event.is_sender ? "send" : "receive")
      .add("complete", event.complete)
      .add("stored", event.stored)
      .add("unchanged", event.unchanged)
      .add("skipped", event.skipped)
      .add("refused", event.refused)
      .add("failed", event.failed)
      .add("transferred_bytes", event.bytes)
      .add("elapsed_us", microseconds(event.elapsed))
      .add("rate_bytes_per_s", rate_of(event));
  return record;
}

std::string describe(const stream::Transferred& event) {
  std::string line = event.path + ": " + std::string(to_string(event.outcome));
  if (!event.reason.empty()) line += ": " + event.reason;
  if (event.resumed_from > 0) line += fmt::format(", resumed from {}", format_byte_count(event.resumed_from));
  return line;
}

std::string describe(const stream::TransferTotals& event) {
  std::string line = fmt::format("{} {} entries", event.is_sender ? "sent" : "received", event.stored);
  const auto add = [&line](std::uint64_t count, std::string_view what) {
    if (count > 0) line += fmt::format(", {} {}", count, what);
  };
  add(event.unchanged, "unchanged");
  add(event.skipped, "skipped");
  add(event.refused, "refused");
  add(event.failed, "failed");
  return line + fmt::format(", {} in {}, {}/s", format_byte_count(event.bytes), format_duration(event.elapsed),
                            format_byte_count(static_cast<std::uint64_t>(rate_of(event))));
}

}  // namespace tcp::cmd
