// SPDX-License-Identifier: MIT
#include "libtcp/ports/describe.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>

namespace tcp::ports {
namespace {

std::tuple<std::uint16_t, Protocol> key_of(const LocalService& service) { return {service.port, service.protocol}; }

bool same_text(const Assignment& a, const Assignment& b) noexcept {
  const bool same_record = a.name.empty() || a.ports == b.ports;  // reserved neighbours are often records of their own
  return same_record && a.name == b.name && a.protocol == b.protocol && a.description == b.description &&
         a.note == b.note && a.unauthorized_use == b.unauthorized_use && a.reference == b.reference;
}

bool alike(const PortDescription& a, const PortDescription& b) {
  if (a.protocol != b.protocol || a.common || b.common || !a.local.empty() || !b.local.empty()) return false;
  if (!a.has_something_to_say() && !b.has_something_to_say()) return true;
  return std::ranges::equal(a.registrations, b.registrations, same_text);
}

// The second one follows the first and is like it.
void absorb(PortDescription& stretch, const PortDescription& next) {
  stretch.ports.last = next.ports.last;
  if (!stretch.has_something_to_say()) stretch.registrations.clear();  // several records, which say but "unassigned"
  for (Assignment& assignment : stretch.registrations) {
    if (assignment.name.empty() && assignment.ports) {
      assignment.ports->last = std::max(assignment.ports->last, next.ports.last);
    }
  }
}

// The stretches of one protocol, growing port by port.
class Lane {
 public:
  explicit Lane(const std::set<std::uint16_t>& cuts) : cuts_(cuts) {}

  void add(PortDescription next) {
    if (!stretches_.empty() && continues(stretches_.back(), next)) {
      absorb(stretches_.back(), next);
    } else {
      stretches_.push_back(std::move(next));
    }
  }
  void move_to(std::vector<PortDescription>& all) { std::ranges::move(stretches_, std::back_inserter(all)); }

 private:
  [[nodiscard]] bool continues(const PortDescription& stretch, const PortDescription& next) const {
    return stretch.ports.last + 1 == next.ports.first && !cuts_.contains(next.ports.first) && alike(stretch, next);
  }

  const std::set<std::uint16_t>& cuts_;
  std::vector<PortDescription> stretches_;
};

PortDescription without_answer(std::uint16_t port, std::span<const Protocol> protocols, const LocalServices& local) {
  if (protocols.size() == 1) return describe(port, protocols.front(), local);
  PortDescription description;
  description.ports = {port, port};
  return description;
}

}  // namespace

AssignmentStatus PortDescription::status() const noexcept {
  auto status = AssignmentStatus::unassigned;
  for (const Assignment& assignment : registrations) status = std::min(status, assignment.status());
  return status;
}

std::string_view PortDescription::name() const noexcept {
  if (common != nullptr) return common->name;
  if (const auto registered = main_name(registrations); !registered.empty()) return registered;
  return local.empty() ? std::string_view() : local.front()->name;
}

bool PortDescription::has_something_to_say() const noexcept {
  if (common != nullptr || !local.empty()) return true;
  return std::ranges::any_of(registrations, [](const Assignment& assignment) {
    const bool remarked = !assignment.note.empty() || !assignment.unauthorized_use.empty();
    return remarked || assignment.status() != AssignmentStatus::unassigned;
  });
}

LocalServices::LocalServices(std::vector<LocalService> services)
    : services_(std::move(services)), order_(services_.size()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::sort(order_, {}, [this](std::size_t i) { return std::tuple(key_of(services_[i]), i); });
}

std::vector<const LocalService*> LocalServices::find(std::uint16_t port, Protocol protocol) const {
  const auto key = [this](std::size_t i) { return key_of(services_[i]); };
  std::vector<const LocalService*> found;
  for (const std::size_t i : std::ranges::equal_range(order_, std::tuple(port, protocol), {}, key)) {
    found.push_back(&services_[i]);
  }
  return found;
}

PortSet LocalServices::ports_called(std::string_view name, Protocol protocol) const {
  PortSet set;
  for (const LocalService& service : services_) {
    if (service.protocol == protocol && service.is_called(name)) set.insert({service.port, service.port});
  }
  return set;
}

PortDescription describe(std::uint16_t port, Protocol protocol, const LocalServices& local) {
  PortDescription description;
  description.ports = {port, port};
  description.protocol = protocol;
  description.registrations = find_by_port(port, protocol);
  description.common = find_common_port(port, protocol);
  description.local = local.find(port, protocol);
  return description;
}

std::vector<PortDescription> describe(const PortSet& set, std::span<const Protocol> protocols,
                                      const LocalServices& local, const std::set<std::uint16_t>& cuts) {
  std::vector<Lane> lanes(protocols.size() + 1, Lane(cuts));
  for (const std::uint16_t port : set) {
    bool answered = false;
    for (std::size_t i = 0; i < protocols.size(); ++i) {
      PortDescription description = describe(port, protocols[i], local);
      if (!description.has_something_to_say()) continue;
      lanes[i].add(std::move(description));
      answered = true;
    }
    if (!answered) lanes.back().add(without_answer(port, protocols, local));
  }
  std::vector<PortDescription> all;
  for (Lane& lane : lanes) lane.move_to(all);
  std::ranges::sort(all, {}, [](const PortDescription& d) { return std::tuple(d.ports.first, d.protocol); });
  return all;
}

}  // namespace tcp::ports
