// SPDX-License-Identifier: MIT
#include "cmd/fault_options.hpp"

#include <CLI/CLI.hpp>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

Result<std::optional<std::uint64_t>> settle_fault_bytes(std::string_view option, const std::string& word) {
  if (word.empty()) return std::nullopt;
  auto bytes = parse_byte_count(word);
  if (!bytes) return in_option(option, std::move(bytes).error());
  return *bytes;
}

}  // namespace

void FaultWords::define(CLI::App& app) {
  const char* const group = "Misbehaving on purpose";
  app.add_option("--delay-accept", delay_, "Leave each client in the kernel's queue for so long before it is accepted")
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--reset-after", reset_after_, "Reset each connection once so many bytes have been sent to its client")
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--stall-after", stall_after_,
                 "Send and read nothing more once so many bytes have been sent to a client; the connection stays")
      ->type_name("SIZE")
      ->group(group);
}

Result<stream::FaultOptions> FaultWords::settle() const {
  stream::FaultOptions faults;
  TCP_TRY_ASSIGN(delay, settle_duration("--delay-accept", delay_, Duration()));
  faults.accept_delay = delay;
  TCP_TRY_ASSIGN(reset, settle_fault_bytes("--reset-after", reset_after_));
  faults.reset_after_bytes = reset;
  TCP_TRY_ASSIGN(stall, settle_fault_bytes("--stall-after", stall_after_));
  faults.stall_after_bytes = stall;
  if (reset && stall) return usage_error("--reset-after and --stall-after", "choose one of them");
  return faults;
}

}  // namespace tcp::cmd
