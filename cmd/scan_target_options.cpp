// SPDX-License-Identifier: MIT
#include "cmd/scan_target_options.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>

#include "libtcp/net/resolver.hpp"

namespace tcp::cmd {
namespace {

constexpr std::uint64_t kMostPublicAddresses = 65'536;  // more is no slip of the finger
constexpr const char* kAllowedVariable = "TCPBOX_I_AM_ALLOWED";

Result<std::vector<scan::TargetSpec>> parse_targets(const std::vector<std::string>& words) {
  std::vector<scan::TargetSpec> specs;
  for (const std::string& word : words) {
    TCP_TRY_ASSIGN(spec, scan::parse_target(word));
    specs.push_back(std::move(spec));
  }
  return specs;
}

bool environment_allows() {
  const char* value = std::getenv(kAllowedVariable);
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace

void ScanTargetOptions::define(CLI::App& app) {
  app.add_option("TARGET", words,
                 "Addresses (192.0.2.1), prefixes (192.0.2.0/24), ranges (192.0.2.1-192.0.2.9, 10.0.0-3.1-254), names");
  app.add_option("--exclude", excluded_words, "Never probe these, written as targets are")
      ->type_name("TARGET")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->group("Targets");
  app.add_flag("--first-address", first_address_only, "Of a name with several addresses, probe the first")
      ->group("Targets");
  app.add_flag("--i-am-allowed", allowed, "Scan more than 65536 public addresses")->group("Targets");
  addresses.define(app);
}

Result<void> ScanTargetOptions::settle() {
  TCP_TRY(addresses.settle());
  if (words.empty()) return usage_error("TARGET", "is required");
  TCP_TRY_ASSIGN(parsed, parse_targets(words));
  wanted = std::move(parsed);
  auto holes = parse_targets(excluded_words);
  if (!holes) return in_option("--exclude", std::move(holes).error());
  excluded = std::move(*holes);
  return {};
}

Result<scan::Targets> ScanTargetOptions::resolve() const {
  const auto lookup = [this](const std::string& host) {
    return net::resolve(host, {addresses.family(), addresses.numeric});
  };
  return scan::resolve_targets(wanted, excluded, {addresses.family(), first_address_only}, lookup);
}

Result<void> ScanTargetOptions::check_permission(const scan::TargetSet& targets) const {
  const std::uint64_t count = targets.count_public();
  if (allowed || count <= kMostPublicAddresses || environment_allows()) return {};
  return make_error(Errc::invalid_input, "targets",
                    std::to_string(count) + " public addresses, more than " + std::to_string(kMostPublicAddresses),
                    "when their owners have agreed, say so: --i-am-allowed");
}

}  // namespace tcp::cmd
