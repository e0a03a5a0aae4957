// SPDX-License-Identifier: MIT
// One question to the resolver, in a thread of its own, since the system's resolver blocks. Whoever does not wait for
// the answer leaves the thread behind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/stream/dial_options.hpp"

namespace tcp::stream {

class Lookup {
 public:
  // Errors: no thread or no descriptor to be had.
  [[nodiscard]] static Result<Lookup> start(const std::string& host, const net::ResolveOptions& options,
                                            Resolver resolver);

  // Readable once the answer is there.
  [[nodiscard]] int descriptor() const noexcept;
  // Then, once; the descriptor is not readable any more.
  [[nodiscard]] Result<std::vector<IpAddress>> take();

 private:
  struct State;
  explicit Lookup(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace tcp::stream
