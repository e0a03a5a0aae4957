// SPDX-License-Identifier: MIT
// The protocols that a banner can be recognized by, one row each, and the order in which a port is asked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/scan/banner_finding.hpp"

namespace tcp::scan {

struct BannerProtocol {
  std::string_view name;
  // Names of the registry whose ports usually speak it, between spaces.
  std::string_view usual_services;
  // The first bytes of a client; null: the server speaks first, or nothing need be asked. `host` is who is asked for.
  std::string (*question)(std::string_view host) = nullptr;
  // What the bytes of a server are by this protocol; nothing: not this one.
  Recognition (*recognize)(const Heard& heard) = nullptr;
  bool tls = false;  // asked by TLS in place of a question
};

// The surest recognizers first.
[[nodiscard]] std::span<const BannerProtocol> banner_protocols() noexcept;

// By what it says alone, or by that and what was asked.
[[nodiscard]] Recognition recognize(const Heard& heard);

// How a port is likely to be talked to, by the registry's name for it.
struct BannerPlan {
  bool client_first = false;                     // no sense in waiting for a greeting
  bool greeting_in_tls = false;                  // the server speaks first, once TLS is there
  std::vector<const BannerProtocol*> questions;  // in this order, on until one is answered
  const BannerProtocol* inside_tls = nullptr;    // what is asked there
};
[[nodiscard]] BannerPlan plan_banner(std::uint16_t port);

}  // namespace tcp::scan
