// SPDX-License-Identifier: MIT
// Frames from an interface or a savefile (pcap and pcapng), through libpcap.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::net {

struct CapturedFrame {
  std::span<const std::uint8_t> bytes;  // valid until the next call of next()
  std::uint32_t original_length = 0;
  WallTime time;
};

struct CaptureStatistics {
  std::uint64_t received = 0;
  std::uint64_t dropped_by_kernel = 0;
  std::uint64_t dropped_by_interface = 0;
};

struct LiveOptions {
  std::string interface = {};  // "any" for all
  std::string filter = {};     // a pcap-filter(7) expression; empty: everything
  std::uint32_t snapshot_length = 262144;
  bool promiscuous = false;
};

class Capture {
 public:
  // Errors: not_permitted with a hint; the interface; the filter with libpcap's reason.
  [[nodiscard]] static Result<Capture> open_live(const LiveOptions& options);
  // "-" is standard input. Errors: the file; malformed with libpcap's reason.
  [[nodiscard]] static Result<Capture> open_file(const std::string& path, const std::string& filter = {});

  Capture(Capture&&) noexcept;
  Capture& operator=(Capture&&) noexcept;
  ~Capture();

  // The next frame; nothing at the end of a file, and at the deadline or a signal of a live capture. A broken file
  // gives its frames up to the break, then malformed once, then nothing. Errors of a live capture: the device is lost.
  [[nodiscard]] Result<std::optional<CapturedFrame>> next(MonotonicTime deadline = MonotonicTime::max());

  // A LINKTYPE_ number (packet::LinkType names those that are decoded).
  [[nodiscard]] int link_type() const noexcept;
  [[nodiscard]] CaptureStatistics statistics() const;

 private:
  struct Impl;
  explicit Capture(std::unique_ptr<Impl> impl);
  [[nodiscard]] static std::unexpected<Error> end_error(const Impl& impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tcp::net
