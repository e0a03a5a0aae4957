// SPDX-License-Identifier: MIT
#include "libtcp/scan/discovery_plan.hpp"

#include <array>

namespace tcp::scan {
namespace {

enum Place : std::uint8_t { own, on_link, elsewhere, nowhere, place_count };

Place place_of(const Way& way) {
  if (way.error_number != 0) return nowhere;
  if (way.local) return own;
  return way.framed && way.gateway == nullptr && !way.given_hop ? on_link : elsewhere;
}

}  // namespace

Result<DiscoveryPlan> plan_discovery(const TargetSet& targets, Ways& ways) {
  std::array<RangeCollector, place_count> places;
  std::uint64_t index = 0;
  for (std::size_t i = 0; i < targets.range_count(); ++i) {
    const std::uint64_t end = index + size_of(targets.range(i));
    while (index < end) {
      AddressRange run{targets[index], targets[index]};
      const Place place = place_of(ways.to(run.first));
      for (++index; index < end && place_of(ways.to(targets[index])) == place; ++index) run.last = targets[index];
      places[place].add(run);
    }
  }
  DiscoveryPlan plan;
  TCP_TRY_ASSIGN(own_set, std::move(places[own]).settle());
  TCP_TRY_ASSIGN(on_link_set, std::move(places[on_link]).settle());
  TCP_TRY_ASSIGN(elsewhere_set, std::move(places[elsewhere]).settle());
  plan.own = std::move(own_set);
  plan.on_link = std::move(on_link_set);
  plan.elsewhere = std::move(elsewhere_set);
  return plan;
}

}  // namespace tcp::scan
