// SPDX-License-Identifier: MIT
#include "cmd/scan_target_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

#include "cmd/scan_target_files.hpp"
#include "libtcp/net/resolver.hpp"

namespace tcp::cmd {
namespace {

constexpr std::uint64_t kMostPublicAddresses = 65'536;  // more is no slip of the finger
constexpr const char* kAllowedVariable = "TCPBOX_I_AM_ALLOWED";
constexpr std::string_view kStandardInput = "-";

bool is_file(std::string_view word) { return word == kStandardInput || word.starts_with('@'); }

Result<void> check_words(const std::vector<std::string>& words, scan::TargetRole role) {
  scan::TargetList list(role);
  for (const std::string& word : words) {
    if (word == "@") return usage_error("target '@'", "the name of a file is missing");
    if (!is_file(word)) TCP_TRY(list.add(word));
  }
  return {};
}

// Words, and the files that they or options name.
Result<scan::TargetList> collect(const std::vector<std::string>& words, const std::vector<std::string>& files,
                                 scan::TargetRole role) {
  scan::TargetList list(role);
  for (const std::string& word : words) {
    if (word == kStandardInput) {
      TCP_TRY(read_targets(word, list));
    } else if (word.starts_with('@')) {
      TCP_TRY(read_targets(word.substr(1), list));
    } else {
      TCP_TRY(list.add(word));
    }
  }
  for (const std::string& file : files) TCP_TRY(read_targets(file, list));
  return list;
}

bool environment_allows() {
  const char* value = std::getenv(kAllowedVariable);
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace

void ScanTargetOptions::define(CLI::App& app) {
  app.add_option("TARGET", words,
                 "Addresses (192.0.2.1), prefixes (192.0.2.0/24), ranges (192.0.2.1-192.0.2.9, 10.0.0-3.1-254), "
                 "names, @FILE, or - for standard input");
  const auto repeated = [&app](const char* name, std::vector<std::string>& where, const char* type, const char* text) {
    app.add_option(name, where, text)
        ->type_name(type)
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all()
        ->group("Targets");
  };
  repeated("--targets-file", files, "FILE", "Probe what is in this file: targets between blanks or lines, # comments");
  repeated("--exclude", excluded_words, "TARGET", "Never probe these, written as targets are");
  repeated("--exclude-file", excluded_files, "FILE", "Never probe what is in this file");
  app.add_flag("--first-address", first_address_only, "Of a name with several addresses, probe the first")
      ->group("Targets");
  app.add_flag("--i-am-allowed", allowed, "Scan more than 65536 public addresses")->group("Targets");
  addresses.define(app);
}

bool ScanTargetOptions::reads_standard_input() const {
  const auto count = [](const std::vector<std::string>& list) { return std::ranges::count(list, kStandardInput); };
  return count(words) + count(files) + count(excluded_words) + count(excluded_files) > 0;
}

Result<void> ScanTargetOptions::settle() const {
  TCP_TRY(addresses.settle());
  if (words.empty() && files.empty()) return usage_error("TARGET", "is required");
  TCP_TRY(check_words(words, scan::TargetRole::wanted));
  if (auto checked = check_words(excluded_words, scan::TargetRole::excluded); !checked) {
    return in_option("--exclude", std::move(checked).error());
  }
  return {};
}

Result<scan::Targets> ScanTargetOptions::resolve() const {
  const auto lookup = [this](const std::string& host) {
    return net::resolve(host, {addresses.family(), addresses.numeric});
  };
  TCP_TRY_ASSIGN(wanted, collect(words, files, scan::TargetRole::wanted));
  TCP_TRY_ASSIGN(excluded, collect(excluded_words, excluded_files, scan::TargetRole::excluded));
  return scan::resolve_targets(std::move(wanted), std::move(excluded), {addresses.family(), first_address_only},
                               lookup);
}

Result<void> ScanTargetOptions::check_permission(const scan::TargetSet& targets) const {
  const std::uint64_t count = targets.count_public();
  if (allowed || count <= kMostPublicAddresses || environment_allows()) return {};
  return make_error(Errc::invalid_input, "targets",
                    std::to_string(count) + " public addresses, more than " + std::to_string(kMostPublicAddresses),
                    "when their owners have agreed, say so: --i-am-allowed");
}

}  // namespace tcp::cmd
