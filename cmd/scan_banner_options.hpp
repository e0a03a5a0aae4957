// SPDX-License-Identifier: MIT
// `scan --banner`: what open ports say, fetched beside the scan.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cmd/options.hpp"
#include "libtcp/scan/banner_grabber.hpp"
#include "libtcp/scan/scan.hpp"
#include "libtcp/scan/target_list.hpp"

namespace tcp::cmd {

class ScanBannerOptions {
 public:
  using Run = std::function<Result<scan::ScanSummary>(scan::Observer&)>;
  // Where its connections begin.
  using From = net::TcpClientsOptions;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] bool wanted() const noexcept { return wanted_; }

  // The scan as it is without --banner; with it, `observer` is told of an open port once its banner is known, and this
  // returns after the last one. Errors: those of the scan; no descriptors.
  [[nodiscard]] Result<scan::ScanSummary> around(const Context& context, const scan::Targets& targets, const From& from,
                                                 scan::Observer& observer, const Run& run) const;

 private:
  bool wanted_ = false;
  std::string timeout_word_;
  scan::BannerOptions options_;
};

}  // namespace tcp::cmd
