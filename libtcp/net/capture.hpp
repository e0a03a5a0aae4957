// SPDX-License-Identifier: MIT
// Frames from an interface, and filter expressions (pcap-filter(7)), through libpcap.
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
  std::uint32_t buffer_bytes = 2U << 20;  // what the kernel keeps for us; beyond it drops, and counts
  bool promiscuous = false;
};

// A filter expression compiled for one link type, for frames that come from elsewhere.
class PacketFilter {
 public:
  // Errors: usage, with libpcap's reason.
  [[nodiscard]] static Result<PacketFilter> compile(const std::string& expression, int link_type);

  PacketFilter(PacketFilter&&) noexcept;
  PacketFilter& operator=(PacketFilter&&) noexcept;
  ~PacketFilter();

  [[nodiscard]] bool passes(std::span<const std::uint8_t> frame, std::uint32_t original_length) const;

 private:
  struct Program;
  explicit PacketFilter(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

class Capture {
 public:
  // Errors: not_permitted with a hint; the interface; the filter with libpcap's reason.
  [[nodiscard]] static Result<Capture> open_live(const LiveOptions& options);

  Capture(Capture&&) noexcept;
  Capture& operator=(Capture&&) noexcept;
  ~Capture();

  // The next frame; nothing at the deadline or a signal. Errors: the device is lost.
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
