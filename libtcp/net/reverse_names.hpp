// SPDX-License-Identifier: MIT
// Names of many addresses at once, with a bound on the waiting: the system's resolver has none of its own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/ip_address.hpp"

namespace tcp::net {

class ReverseNames {
 public:
  ReverseNames();

  // Starts to ask for those that were not asked for before. At most 1024 addresses are ever asked for.
  void ask(const std::vector<IpAddress>& addresses);
  // Returns once all that was asked for is answered, or after `patience`.
  void await(Duration patience);
  // Those that have a name, as far as it is known by now.
  [[nodiscard]] std::map<IpAddress, std::string> names() const;

 private:
  // Shared with threads that the resolver keeps beyond our patience; nobody waits for them.
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tcp::net
