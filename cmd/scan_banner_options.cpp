// SPDX-License-Identifier: MIT
#include "cmd/scan_banner_options.hpp"

#include <CLI/CLI.hpp>

#include "cmd/scan_tls_probes.hpp"
#include "libtcp/scan/banner_stage.hpp"

namespace tcp::cmd {
namespace {

constexpr Duration kLeastTimeout = std::chrono::milliseconds(100);
constexpr Duration kMostTimeout = std::chrono::minutes(10);

}  // namespace

void ScanBannerOptions::define(CLI::App& app) {
  app.add_flag("--banner", wanted_, "Ask open ports what they are, by connections of the kernel")->group("Banners");
  app.add_option("--banner-timeout", timeout_word_, "For all that is asked of one port (default 5s)")
      ->type_name("DURATION")
      ->group("Banners");
}

Result<void> ScanBannerOptions::settle() {
  if (!timeout_word_.empty() && !wanted_) {
    return usage_error("--banner-timeout", "makes sense with --banner only");
  }
  TCP_TRY_ASSIGN(timeout, settle_duration("--banner-timeout", timeout_word_, options_.timeout));
  if (timeout < kLeastTimeout || timeout > kMostTimeout) {
    return usage_error("--banner-timeout '" + timeout_word_ + "'", "must be 100ms to 10m");
  }
  options_.timeout = timeout;
  return {};
}

Result<scan::ScanSummary> ScanBannerOptions::around(const Context& context, const scan::Targets& targets,
                                                    const From& from, scan::Observer& observer, const Run& run) const {
  if (!wanted_) return run(observer);
  TCP_TRY_ASSIGN(clients, net::open_tcp_clients(from, context.clock));
  const auto tls = make_tls_probes(context.clock);
  if (!tls) context.note("banners: " + tls.error().message());
  const auto name_of = [&targets](const IpAddress& address) {
    const auto name = targets.names.find(address);
    return name == targets.names.end() ? std::string() : name->second;
  };
  scan::BannerStage stage({options_, tls ? tls->get() : nullptr, name_of}, context.clock, *clients, observer);
  TCP_TRY_ASSIGN(summary, run(stage));
  TCP_TRY_ASSIGN(complete, stage.finish());
  summary.complete = summary.complete && complete;
  return summary;
}

}  // namespace tcp::cmd
