// SPDX-License-Identifier: MIT
#include "cmd/ports_query.hpp"

#include <algorithm>
#include <tuple>

#include "libtcp/ports/search.hpp"

namespace tcp::cmd {
namespace {

using Pick = PortsSelection::Pick;

bool wants(const PortsQuery& query, ports::Protocol protocol) {
  return std::ranges::find(query.protocols, protocol) != query.protocols.end();
}

// One pick for each of these protocols in which the name has ports.
std::vector<Pick> pick_service(const std::string& name, const std::vector<ports::Protocol>& protocols,
                               const ports::LocalServices& local) {
  std::vector<Pick> picks;
  for (const ports::Protocol protocol : protocols) {
    ports::PortSet set = ports::ports_called(name, protocol);
    set.insert(local.ports_called(name, protocol));
    if (!set.empty()) picks.push_back({std::move(set), {protocol}});
  }
  return picks;
}

std::string only_elsewhere_note(const std::string& name, const std::vector<Pick>& picks) {
  std::string protocols;
  for (const Pick& pick : picks) {
    protocols += (protocols.empty() ? "" : ", ") + std::string(to_string(pick.protocols.front()));
  }
  return "'" + name + "' has no port for the protocol asked for; shown is " + protocols;
}

void select_service(PortsSelection& selection, const std::string& name, const PortsQuery& query,
                    const ports::LocalServices& local) {
  auto picks = pick_service(name, query.protocols, local);
  if (picks.empty()) {
    picks = pick_service(name, {ports::kProtocols.begin(), ports::kProtocols.end()}, local);
    if (!picks.empty()) selection.notes.push_back(only_elsewhere_note(name, picks));
  }
  std::ranges::move(picks, std::back_inserter(selection.picks));
  if (!picks.empty()) return;
  const auto portless = ports::find_by_name(name);
  selection.services.insert(selection.services.end(), portless.begin(), portless.end());
  if (portless.empty()) selection.unknown.push_back({name, ports::find_near_names(name)});
}

PortsSelection select_words(const PortsQuery& query, const ports::LocalServices& local) {
  PortsSelection selection;
  ports::PortSet numbers;
  for (const ports::PortWord& word : query.words) {
    if (const auto* range = std::get_if<ports::PortRange>(&word)) {
      numbers.insert(*range);
    } else {
      select_service(selection, std::get<std::string>(word), query, local);
    }
  }
  if (!numbers.empty()) selection.picks.push_back({std::move(numbers), query.protocols});
  return selection;
}

bool is_wanted(const ports::Match& match, const PortsQuery& query) {
  if (match.protocol) return wants(query, *match.protocol);
  return !match.ports || wants(query, ports::Protocol::tcp) || wants(query, ports::Protocol::udp);
}

PortsSelection select_search(const PortsQuery& query) {
  PortsSelection selection;
  for (const ports::Match& match : ports::search(*query.search)) {
    if (!is_wanted(match, query)) continue;
    if (!match.ports) {
      const auto found = ports::find_by_name(match.name);
      selection.services.insert(selection.services.end(), found.begin(), found.end());
    } else if (match.protocol) {
      selection.picks.push_back({ports::PortSet(*match.ports), {*match.protocol}});
    } else {
      selection.picks.push_back({ports::PortSet(*match.ports), query.protocols});
    }
  }
  return selection;
}

PortsSelection select_all(const PortsQuery& query) {
  PortsSelection selection;
  selection.picks.push_back({ports::PortSet(ports::PortRange{0, 65535}), query.protocols});
  return selection;
}

ports::PortSet common_ports_of(ports::Protocol protocol) {
  ports::PortSet set;
  for (const ports::CommonPort& common : ports::common_ports()) {
    if (common.protocol == protocol) set.insert({common.port, common.port});
  }
  return set;
}

ports::PortSet intersection(const ports::PortSet& a, const ports::PortSet& b) {
  ports::PortSet set;
  for (const ports::PortRange& range : b.ranges()) set.insert(a.intersection(range));
  return set;
}

void keep_common(std::vector<Pick>& picks) {
  std::vector<Pick> kept;
  for (const Pick& pick : picks) {
    for (const ports::Protocol protocol : pick.protocols) {
      kept.push_back({intersection(pick.set, common_ports_of(protocol)), {protocol}});
    }
  }
  picks = std::move(kept);
}

}  // namespace

PortsSelection select_ports(const PortsQuery& query, const ports::LocalServices& local) {
  PortsSelection selection = query.search          ? select_search(query)
                             : query.words.empty() ? select_all(query)
                                                   : select_words(query, local);
  if (query.range != nullptr) {
    for (Pick& pick : selection.picks) pick.set = pick.set.intersection(query.range->ports);
  }
  if (query.common) keep_common(selection.picks);
  if (query.common || query.range != nullptr) selection.services.clear();
  return selection;
}

std::vector<ports::PortDescription> describe(const PortsSelection& selection, const PortsQuery& query,
                                             const ports::LocalServices& local, const std::set<std::uint16_t>& cuts) {
  const auto key = [](const ports::PortDescription& d) { return std::tuple(d.ports.first, d.protocol); };
  std::set<std::tuple<std::uint16_t, std::optional<ports::Protocol>>> seen;
  std::vector<ports::PortDescription> answers;
  for (const Pick& pick : selection.picks) {
    for (auto& description : ports::describe(pick.set, pick.protocols, local, cuts)) {
      if (seen.insert(key(description)).second) answers.push_back(std::move(description));
    }
  }
  if (!query.search) std::ranges::sort(answers, {}, key);
  return answers;
}

}  // namespace tcp::cmd
