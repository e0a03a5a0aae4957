// SPDX-License-Identifier: MIT
// What looks at the payload of a run, on behalf of --hexdump and --record.
#pragma once

#include <memory>
#include <optional>

#include "cmd/byte_options.hpp"
#include "cmd/stream_hexdump.hpp"
#include "cmd/stream_report.hpp"
#include "libtcp/stream/recorder.hpp"

namespace tcp::cmd {

class StreamTaps {
 public:
  // Hooks into `relay`, which must not outlive it. Errors: the file cannot be created.
  [[nodiscard]] Result<void> open(const ByteOptions& options, Context& context, StreamReport& report,
                                  stream::RelayOptions& relay);
  // What was asked for and got lost makes a run that went well a failure.
  [[nodiscard]] StreamEnding judge(StreamEnding ending) const;

 private:
  std::optional<HexdumpDisplay> hexdump_;
  std::unique_ptr<stream::Recorder> recorder_;
};

}  // namespace tcp::cmd
