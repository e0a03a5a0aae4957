// SPDX-License-Identifier: MIT
// `handshake-trace --count`: one short record a handshake, then what they are like together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/handshake_trace_record.hpp"
#include "cmd/options.hpp"
#include "libtcp/trace/interpretation.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::cmd {

struct TraceRepeatWords {
  std::string count;
  std::string interval;
  bool flood = false;

  void define(CLI::App& app);
  [[nodiscard]] bool given() const { return !count.empty(); }
};

// Errors: words that are off, or at odds with each other.
[[nodiscard]] Result<trace::SeriesOptions> settle(const TraceRepeatWords& words);

// A flood is for one's own hosts. Errors: the first address that is neither loopback, private nor link-local.
[[nodiscard]] Result<void> allow_flood(const std::vector<Endpoint>& targets);

// The handshakes with one target so far.
class TraceSeries {
 public:
  explicit TraceSeries(TraceTarget target) : target_(std::move(target)) {}

  // Counts it. Returns its record, of type "probe".
  Record add(const trace::Handshake& handshake);
  // Of type "statistics".
  [[nodiscard]] Record statistics() const;

  [[nodiscard]] std::uint64_t established() const noexcept { return established_; }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }

 private:
  void count(const trace::Handshake& handshake, const trace::Meaning& meaning);

  TraceTarget target_;
  std::uint64_t number_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t established_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t syns_ = 0;
  std::uint64_t ambiguous_ = 0;  // answered, but it is not known which SYN
  std::vector<Duration> samples_;
};

// Lines as they happen, then a block for each target.
[[nodiscard]] std::unique_ptr<View> make_repeat_view(Output& out);
[[nodiscard]] std::string render_probe(const Record& probe);
[[nodiscard]] std::string render_statistics(const Record& statistics, const Terminal& terminal);

}  // namespace tcp::cmd
