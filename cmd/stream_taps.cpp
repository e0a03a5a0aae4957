// SPDX-License-Identifier: MIT
#include "cmd/stream_taps.hpp"

namespace tcp::cmd {

Result<void> StreamTaps::open(const ByteOptions& options, Context& context, StreamReport& report,
                              stream::RelayOptions& relay) {
  if (options.hexdump) relay.tap_sources.push_back(&hexdump_.emplace(context.err));
  if (options.record.empty()) return {};
  TCP_TRY_ASSIGN(recorder, stream::Recorder::create(options.record, context.clock,
                                                    [&report](const Error& error) { report.on_warning(error); }));
  recorder_ = std::move(recorder);
  relay.tap_sources.push_back(recorder_.get());
  return {};
}

StreamEnding StreamTaps::judge(StreamEnding ending) const {
  if (recorder_ && recorder_->has_failed()) ending.code = ExitCode::failed;
  return ending;
}

}  // namespace tcp::cmd
