// SPDX-License-Identifier: MIT
#include <variant>

#include "libtcp/scan/target_spec.hpp"

namespace tcp::scan {
namespace {

bool fits(const IpAddress& address, const TargetChoice& choice) {
  return !choice.family || address.family() == *choice.family;
}

// The addresses of a name that are asked for, by preference.
Result<std::vector<IpAddress>> look_up(const std::string& host, const TargetChoice& choice, const NameLookup& lookup) {
  TCP_TRY_ASSIGN(all, lookup(host));
  std::vector<IpAddress> chosen;
  for (const IpAddress& address : all) {
    if (fits(address, choice)) chosen.push_back(address.unmapped());
    if (choice.first_address_only && !chosen.empty()) break;
  }
  if (!chosen.empty()) return chosen;
  const std::string kind = choice.family ? std::string(to_string(*choice.family)) + " " : std::string();
  return make_error(Errc::resolve_failed, "target '" + host + "'", "has no " + kind + "address");
}

Result<std::vector<AddressRange>> to_ranges(std::span<const TargetSpec> specs, const TargetChoice& choice,
                                            const NameLookup& lookup, std::map<IpAddress, std::string>* names) {
  std::vector<AddressRange> ranges;
  for (const TargetSpec& spec : specs) {
    if (const auto* written = std::get_if<std::vector<AddressRange>>(&spec)) {
      for (const AddressRange& range : *written) {
        if (fits(range.first, choice)) ranges.push_back(range);
      }
      continue;
    }
    const std::string& host = std::get<TargetName>(spec).host;
    TCP_TRY_ASSIGN(addresses, look_up(host, choice, lookup));
    for (const IpAddress& address : addresses) {
      ranges.push_back({address, address});
      if (names != nullptr) names->emplace(address, host);
    }
  }
  return ranges;
}

}  // namespace

Result<Targets> resolve_targets(std::span<const TargetSpec> wanted, std::span<const TargetSpec> excluded,
                                const TargetChoice& choice, const NameLookup& lookup) {
  Targets targets;
  TCP_TRY_ASSIGN(ranges, to_ranges(wanted, choice, lookup, &targets.names));
  // Every address of an excluded name is excluded, whatever is chosen among the targets.
  TCP_TRY_ASSIGN(holes, to_ranges(excluded, {}, lookup, nullptr));
  TCP_TRY_ASSIGN(set, TargetSet::make(std::move(ranges)));
  targets.set = set.without(holes);
  if (!targets.set.empty()) return targets;
  return usage_error("targets", set.empty() && choice.family
                                    ? "none is an " + std::string(to_string(*choice.family)) + " address"
                                    : "nothing is left to scan");
}

}  // namespace tcp::scan
