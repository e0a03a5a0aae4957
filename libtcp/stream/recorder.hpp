// SPDX-License-Identifier: MIT
// Writes conversations to a file as they happen: as packets when its name ends in .pcapng or .pcap, otherwise as text,
// with the time, the way and a hexadecimal dump of each piece.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/tap.hpp"

namespace tcp::stream {

class Recorder final : public TapSource {
 public:
  using FailureHandler = std::function<void(const Error&)>;

  // A new file that only its owner can read; one that exists is not touched, unless it is no regular file (a named
  // pipe, a device). Errors: what kept it from being created. A file that takes no more bytes later is no error: the
  // handler is told once, and recording stops.
  [[nodiscard]] static Result<std::unique_ptr<Recorder>> create(const std::string& path, const Clock& clock,
                                                                FailureHandler on_failure);

  [[nodiscard]] std::unique_ptr<Tap> open(const TapContext& context) override;
  // Writes all of it, or stops for good.
  void write(std::string_view bytes);
  // Not everything was written.
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

 private:
  enum class Format : std::uint8_t { text, pcapng, pcap };
  Recorder(UniqueFd file, std::string path, Format format, const Clock& clock, FailureHandler on_failure)
      : file_(std::move(file)),
        path_(std::move(path)),
        format_(format),
        clock_(clock),
        on_failure_(std::move(on_failure)) {}
  [[nodiscard]] static Format format_of(const std::string& path);
  void write_header();

  UniqueFd file_;
  std::string path_;
  Format format_;
  const Clock& clock_;
  FailureHandler on_failure_;
  bool failed_ = false;
};

}  // namespace tcp::stream
