// SPDX-License-Identifier: MIT
#include <utility>

#include "libtcp/scan/target_list.hpp"

namespace tcp::scan {

class TargetResolver {
 public:
  TargetResolver(const TargetChoice& choice, const NameLookup& lookup) : choice_(choice), lookup_(lookup) {}

  Result<Targets> operator()(TargetList wanted, TargetList excluded) {
    Targets targets;
    TCP_TRY(add_names(wanted, choice_, &targets.names));
    // Every address of an excluded name is excluded, whatever is chosen among the targets.
    TCP_TRY(add_names(excluded, {}, nullptr));
    TCP_TRY_ASSIGN(written, std::move(wanted.ranges_).settle());
    const TargetSet holes = std::move(excluded.ranges_).settle_unbounded();
    TargetSet set = choice_.family ? written.only(*choice_.family) : std::move(written);
    const bool none_of_family = set.empty();
    targets.set = holes.empty() ? std::move(set) : set.without(holes);
    if (targets.set.empty()) return nothing_left(none_of_family);
    TargetSet skipped = std::move(wanted.skipped_).settle_unbounded();
    if (choice_.family) skipped = skipped.only(*choice_.family);
    targets.skipped = skipped.without(holes).without(targets.set).size();
    return targets;
  }

 private:
  // The addresses of a name that are asked for, by preference.
  Result<std::vector<IpAddress>> look_up(const std::string& host, const TargetChoice& choice) const {
    TCP_TRY_ASSIGN(all, lookup_(host));
    std::vector<IpAddress> chosen;
    for (const IpAddress& address : all) {
      if (!choice.family || address.family() == *choice.family) chosen.push_back(address.unmapped());
      if (choice.first_address_only && !chosen.empty()) break;
    }
    if (!chosen.empty()) return chosen;
    const std::string kind = choice.family ? std::string(to_string(*choice.family)) + " " : std::string();
    return make_error(Errc::resolve_failed, "target '" + host + "'", "has no " + kind + "address");
  }

  Result<void> add_names(TargetList& list, const TargetChoice& choice, std::map<IpAddress, std::string>* names) const {
    for (const std::string& host : list.names_) {
      TCP_TRY_ASSIGN(addresses, look_up(host, choice));
      for (const IpAddress& address : addresses) {
        list.ranges_.add({address, address});
        if (names != nullptr) names->emplace(address, host);
      }
    }
    return {};
  }

  [[nodiscard]] std::unexpected<Error> nothing_left(bool none_of_family) const {
    return usage_error("targets", none_of_family && choice_.family
                                      ? "none is an " + std::string(to_string(*choice_.family)) + " address"
                                      : "nothing is left to scan");
  }

  TargetChoice choice_;
  const NameLookup& lookup_;
};

Result<Targets> resolve_targets(TargetList wanted, TargetList excluded, const TargetChoice& choice,
                                const NameLookup& lookup) {
  return TargetResolver(choice, lookup)(std::move(wanted), std::move(excluded));
}

}  // namespace tcp::scan
