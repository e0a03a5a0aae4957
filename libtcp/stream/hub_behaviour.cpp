// SPDX-License-Identifier: MIT
#include "libtcp/stream/hub_behaviour.hpp"

#include "libtcp/stream/chat.hpp"
#include "libtcp/stream/hub.hpp"
#include "libtcp/stream/simple_services.hpp"

namespace tcp::stream {
namespace {

class Broker final : public HubBehaviour {
 public:
  void on_bytes(Hub& hub, HubClient& client, std::span<const std::byte> bytes) override {
    hub.send_to_others(client, bytes);
  }
  bool is_shared() const noexcept override { return true; }
};

}  // namespace

void HubBehaviour::on_end(Hub& hub, HubClient& client) { hub.finish(client); }

std::unique_ptr<HubBehaviour> make_hub_behaviour(HubKind kind) {
  switch (kind) {
    case HubKind::broker: return std::make_unique<Broker>();
    case HubKind::chat: return make_chat();
    case HubKind::echo: return make_echo();
    case HubKind::discard: return make_discard();
    case HubKind::chargen: return make_chargen();
    case HubKind::daytime: return make_daytime();
  }
  return nullptr;
}

}  // namespace tcp::stream
