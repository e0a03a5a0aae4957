// SPDX-License-Identifier: MIT
// What a hub does with what its clients send.
#pragma once

#include <memory>
#include <span>

#include "libtcp/stream/hub_options.hpp"

namespace tcp::stream {

class Hub;
struct HubClient;

class HubBehaviour {
 public:
  virtual ~HubBehaviour() = default;

  virtual void on_joined(Hub& hub, HubClient& client) {
    (void)hub;
    (void)client;
  }
  virtual void on_bytes(Hub& hub, HubClient& client, std::span<const std::byte> bytes) = 0;
  // The peer's FIN. By default ours follows, after what is queued.
  virtual void on_end(Hub& hub, HubClient& client);
  // Only while the client wants output: its socket takes more, and nothing is queued.
  virtual void on_writable(Hub& hub, HubClient& client) {
    (void)hub;
    (void)client;
  }
  // It is gone already.
  virtual void on_left(Hub& hub, const HubClient& client) {
    (void)hub;
    (void)client;
  }

  // What one client says is sent to others. Otherwise a client is not read while its own queue waits.
  [[nodiscard]] virtual bool is_shared() const noexcept { return false; }
  // The peer can end it in no other way.
  [[nodiscard]] virtual bool ends_by_reset() const noexcept { return false; }
};

[[nodiscard]] std::unique_ptr<HubBehaviour> make_hub_behaviour(HubKind kind);

}  // namespace tcp::stream
