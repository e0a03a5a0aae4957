// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_passive.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <map>
#include <new>
#include <random>

#include "cmd/capture_writer.hpp"
#include "cmd/handshake_trace_owner.hpp"
#include "cmd/handshake_trace_passive_html.hpp"
#include "cmd/handshake_trace_passive_record.hpp"
#include "cmd/handshake_trace_passive_text.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/output/kept_run.hpp"
#include "cmd/output/whole_file.hpp"
#include "libtcp/net/byte_source.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/capture.hpp"
#include "libtcp/trace/frame_reader.hpp"
#include "libtcp/trace/live_filter.hpp"
#include "libtcp/trace/passive_summary.hpp"

namespace tcp::cmd {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kLiveBufferBytes = 64U << 20;
constexpr Duration kLiveTick = 250ms;  // how soon a handshake that nothing follows is told, and drops are noticed
constexpr std::size_t kFewestConnections = 16;
constexpr std::size_t kMostConnections = 10'000'000;
constexpr std::size_t kMostTop = 1000;
constexpr int kEthernet = static_cast<int>(packet::LinkType::ethernet);

std::uint64_t random_seed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

// A file that is read must not be emptied to be written.
bool is_same_file(const std::string& a, const std::string& b) {
  struct stat first{};
  struct stat second{};
  const bool known = a == "-" ? ::fstat(STDIN_FILENO, &first) == 0 : ::stat(a.c_str(), &first) == 0;
  if (!known || ::stat(b.c_str(), &second) != 0) return false;
  return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Compiled for each link type that comes.
class FrameFilter {
 public:
  explicit FrameFilter(std::string expression) : expression_(std::move(expression)) {}

  Result<bool> passes(const packet::SavefileFrame& frame) {
    if (expression_.empty()) return true;
    auto found = compiled_.find(frame.link_type);
    if (found == compiled_.end()) {
      TCP_TRY_ASSIGN(filter, net::PacketFilter::compile(expression_, frame.link_type));
      found = compiled_.emplace(frame.link_type, std::move(filter)).first;
    }
    return found->second.passes(frame.bytes, frame.original_length);
  }

 private:
  std::string expression_;
  std::map<std::uint16_t, net::PacketFilter> compiled_;
};

}  // namespace

// Everything between a frame and the page at the end.
class PassiveRun final : public trace::HandshakeObserver {
 public:
  struct Settings {
    std::size_t most_connections = 0;
    std::size_t top = 0;
    bool summary_only = false;
    bool live = false;
  };

  PassiveRun(Context& context, View& view, OnlyRule only, const Settings& settings)
      : context_(context),
        view_(view),
        only_(std::move(only)),
        settings_(settings),
        seed_(random_seed()),
        summary_(seed_),
        tracker_({settings.most_connections, seed_, settings.summary_only}, *this),
        thread_(settings.live ? nullptr : std::make_unique<trace::TrackerThread>(tracker_)),
        reader_(tracker_, thread_.get()) {
    reader_.on_gists([this](std::span<const trace::HandshakeGist> gists) { summary_.add(gists); });
  }

  void on_handshake(const trace::ObservedHandshake& handshake) override {
    if (context_.out.failed()) reader_left_ = true;
    summary_.add(gist_of(handshake));
    if (!only_.passes(handshake)) return;
    ++shown_;
    view_.result(to_record(handshake, settings_.live ? owners_.find(handshake) : std::nullopt));
  }

  trace::FrameReader& reader() { return reader_; }
  trace::HandshakeTracker& tracker() { return tracker_; }
  // Nobody reads any more what is written.
  [[nodiscard]] bool reader_left() const noexcept { return reader_left_.load(std::memory_order_relaxed); }

  // Drops are told when they happen, not only at the end.
  void note_drops(const net::CaptureStatistics& now) {
    if (now.dropped_by_kernel > live_.dropped_by_kernel) {
      context_.warn("the kernel dropped " + std::to_string(now.dropped_by_kernel - live_.dropped_by_kernel) +
                    " packets: not all handshakes were seen");
    }
    live_ = now;
  }

  void finish(bool complete) {
    reader_.finish();
    summary_.flush();
    PassiveTotals totals{.summary = summary_, .tracker = tracker_.counts(), .frames = reader_.counts()};
    if (settings_.live) totals.live = live_;
    totals.shown = shown_;
    totals.top = settings_.top;
    totals.complete = complete;
    view_.summary(to_record(totals));
  }

  [[nodiscard]] ExitCode exit_code() const {
    const bool any = settings_.summary_only ? tracker_.counts().connections != 0 : shown_ != 0;
    return any ? ExitCode::done : ExitCode::negative;
  }

 private:
  Context& context_;
  View& view_;
  OnlyRule only_;
  Settings settings_;
  std::uint64_t seed_;
  trace::PassiveSummary summary_;
  alignas(128) trace::HandshakeTracker tracker_;  // another core's, with a thread
  std::unique_ptr<trace::TrackerThread> thread_;  // of a file; then on_handshake() is called there
  alignas(128) trace::FrameReader reader_;
  LocalOwners owners_;
  net::CaptureStatistics live_;
  std::uint64_t shown_ = 0;
  std::atomic<bool> reader_left_ = false;
};

namespace {

Result<void> read_file(net::ByteSource& source, FrameFilter& filter, std::optional<CaptureWriter>& writer,
                       PassiveRun& run, const std::atomic<bool>& stop) {
  Result<void> failure;
  auto read = trace::read_savefile(
      source,
      [&](const packet::SavefileFrame& frame) {
        const auto passes = filter.passes(frame);
        if (!passes) failure = std::unexpected(passes.error());
        if (!failure) return false;
        if (!*passes) {
          run.reader().count_filtered();
          return true;
        }
        run.reader().on_frame(frame.bytes, frame.link_type, frame.time);
        if (writer) failure = writer->write(frame);
        return failure && !stop.load(std::memory_order_relaxed) && !run.reader_left();
      },
      [&] { run.reader().flush(); });
  if (!failure) return failure;
  const bool stopped = !read && read.error().is(Errc::interrupted);
  return stopped ? Result<void>{} : std::move(read);
}

Result<void> read_live(net::Capture& capture, std::optional<CaptureWriter>& writer, PassiveRun& run,
                       const std::atomic<bool>& stop, Context& context, Duration duration) {
  const auto link_type = static_cast<std::uint16_t>(capture.link_type());
  const MonotonicTime end = duration == Duration::zero() ? MonotonicTime::max() : context.clock.now() + duration;
  MonotonicTime tick = context.clock.now() + kLiveTick;
  unsigned since_look = 0;
  while (!stop.load(std::memory_order_relaxed) && !context.out.failed()) {
    TCP_TRY_ASSIGN(ready, capture.next(MonotonicTime::min()));
    std::optional<net::CapturedFrame> frame = ready;
    if (!frame) {
      run.reader().flush();  // nobody waits for a batch to be full
      TCP_TRY_ASSIGN(awaited, capture.next(std::min(tick, end)));
      frame = awaited;
    }
    if (frame) {
      run.reader().on_frame(frame->bytes, link_type, frame->time);
      if (writer) TCP_TRY(writer->write({frame->bytes, frame->original_length, frame->time, link_type}));
      if (++since_look < 256) continue;
    }
    since_look = 0;
    const MonotonicTime now = context.clock.now();
    if (now >= end) return {};
    if (now < tick) continue;
    tick = now + kLiveTick;
    run.tracker().advance(context.clock.wall_now());
    run.note_drops(capture.statistics());
  }
  return {};
}

}  // namespace

void PassiveOptions::define(CLI::App& app) {
  app.add_option("-i,--interface", interface_, "Watch the handshakes that pass on this interface, or on \"any\"")
      ->type_name("NAME")
      ->group("Watching");
  app.add_option("--read", read_, "Watch those in a capture file (pcap, pcapng, either with gzip), \"-\" for stdin")
      ->type_name("FILE")
      ->group("Watching");
  app.add_option("--filter", filter_, "Only packets that a pcap-filter(7) expression passes")
      ->type_name("EXPRESSION")
      ->group("Watching");
  app.add_option("--only", only_words_, "Show only these: failed, retransmitted, new-peer, slow:DURATION")
      ->type_name("WHICH")
      ->group("Watching");
  app.add_flag("--summary", summary_only_, "Show no single handshakes, only what they come to")->group("Watching");
  app.add_option("--top", top_word_, "How many servers and clients the summary lists (default 10)")
      ->type_name("COUNT")
      ->group("Watching");
  app.add_option("--write", write_, "Save the packets that were looked at (pcapng)")
      ->type_name("FILE")
      ->group("Watching");
  app.add_option("--html", page_, "Write what they come to as a page, with a plot of the round trips")
      ->type_name("FILE")
      ->group("Watching");
  app.add_option("--duration", duration_word_, "Stop watching an interface after this time")
      ->type_name("DURATION")
      ->group("Watching");
  app.add_option("--most-connections", most_word_, "How many connections to follow at once (default 500000)")
      ->type_name("COUNT")
      ->group("Watching");
}

Result<void> PassiveOptions::check_alone() const {
  const std::pair<const char*, bool> given[] = {{"--filter", !filter_.empty()},
                                                {"--only", !only_words_.empty()},
                                                {"--summary", summary_only_},
                                                {"--top", !top_word_.empty()},
                                                {"--write", !write_.empty()},
                                                {"--html", page_.has_value()},
                                                {"--duration", !duration_word_.empty()},
                                                {"--most-connections", !most_word_.empty()}};
  for (const auto& [name, used] : given) {
    if (used) return usage_error(name, "goes with -i or --read; a target is traced, not watched");
  }
  return {};
}

Result<void> PassiveOptions::settle() {
  if (!wanted()) return check_alone();
  if (!interface_.empty() && !read_.empty()) return usage_error("-i and --read", "watch one of them at a time");
  if (page_ && (page_->empty() || *page_ == "-")) {
    return usage_error("--html '" + *page_ + "'", "must be a file; standard output has the text");
  }
  if (!duration_word_.empty()) {
    if (interface_.empty()) return usage_error("--duration", "goes with -i; a file ends by itself");
    TCP_TRY_ASSIGN(duration, settle_duration("--duration", duration_word_, Duration::zero()));
    if (duration == Duration::zero()) return usage_error("--duration 0", "nothing passes in no time");
    duration_ = duration;
  }
  if (!only_words_.empty()) {
    if (summary_only_) return usage_error("--only with --summary", "the summary counts all handshakes");
    TCP_TRY(only_.add(only_words_));
  }
  TCP_TRY_ASSIGN(most,
                 settle_number<std::size_t>("--most-connections", most_word_, kFewestConnections, kMostConnections));
  if (most) most_connections_ = *most;
  TCP_TRY_ASSIGN(top, settle_number<std::size_t>("--top", top_word_, 0, kMostTop));
  if (top) top_ = *top;
  if (!filter_.empty()) TCP_TRY(net::PacketFilter::compile(filter_, kEthernet));
  return {};
}

Result<ExitCode> PassiveOptions::run(Context& context, const OutputOptions& output) const {
  const Interrupt interrupt;
  std::optional<net::Capture> capture;
  std::optional<net::ByteSource> source;
  std::optional<CaptureWriter> writer;
  if (read_.empty()) {
    TCP_TRY_ASSIGN(opened,
                   net::Capture::open_live({.interface = interface_,
                                            .filter = filter_.empty() ? trace::live_handshake_filter() : filter_,
                                            .snapshot_length = write_.empty() ? trace::kLiveSnapshotBytes : 262144,
                                            .buffer_bytes = kLiveBufferBytes}));
    capture = std::move(opened);
  } else {
    TCP_TRY_ASSIGN(opened, net::ByteSource::open(read_, &interrupt.flag()));
    source = std::move(opened);
  }
  if (!write_.empty()) {
    if (!read_.empty() && is_same_file(read_, write_))
      return usage_error("--write " + write_, "is the file that is read");
    TCP_TRY_ASSIGN(created, CaptureWriter::create(write_));
    writer = std::move(created);
  }
  std::unique_ptr<WholeFile> page;
  if (page_) {
    TCP_TRY_ASSIGN(opened, WholeFile::open(*page_));
    page = std::move(opened);
  }
  if (capture) TCP_TRY(LocalOwners::keep_what_it_needs());
  KeptRun kept;
  const auto view = std::make_unique<KeepingView>(
      make_view(output.format(), context.out, make_passive_view(context.out)), kept, KeepingView::Results::passed_on);
  std::unique_ptr<PassiveRun> made;
  try {
    made = std::make_unique<PassiveRun>(
        context, *view, only_, PassiveRun::Settings{most_connections_, top_, summary_only_, capture.has_value()});
  } catch (const std::bad_alloc&) {
    return make_error(Errc::unsupported, "--most-connections " + std::to_string(most_connections_),
                      "there is not enough memory for so many");
  }
  PassiveRun& run = *made;
  view->start(make_run_record("handshake-trace", 1, context.arguments, to_rfc3339(context.clock.wall_now())));
  FrameFilter filter(filter_);
  auto done = capture ? read_live(*capture, writer, run, interrupt.flag(), context, duration_)
                      : read_file(*source, filter, writer, run, interrupt.flag());
  if (capture) run.note_drops(capture->statistics());
  if (writer) {  // what was saved until an error is saved
    auto written = writer->finish();
    if (done) done = std::move(written);
  }
  run.finish(done && !interrupt.flag());
  if (page) TCP_TRY(page->write(render_passive_page(kept.run, kept.summary)));
  context.out.flush();
  interrupt.raise_again();
  if (!done) return std::unexpected(std::move(done).error());
  return run.exit_code();
}

}  // namespace tcp::cmd
