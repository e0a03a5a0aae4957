// SPDX-License-Identifier: MIT
// What waits for clients that do not read as fast as others speak, and who waits for whom (see hub.hpp).
#include <utility>

#include "libtcp/stream/hub.hpp"

namespace tcp::stream {

void Hub::send(HubClient& client, std::span<const std::byte> bytes) {
  if (client.is_doomed || client.finishing) return;
  const std::size_t sent = client.has_queue() ? 0 : send_some(client, bytes);
  if (sent < bytes.size() && !client.is_doomed) enqueue(client, make_chunk(bytes), sent);
}

void Hub::send_to_others(const HubClient& except, std::span<const std::byte> bytes) {
  Chunk chunk;  // made when the first of them cannot take it all
  for (const auto& each : clients_) {
    HubClient& client = *each;
    if (&client == &except || client.is_doomed || client.finishing) continue;
    const std::size_t sent = client.has_queue() ? 0 : send_some(client, bytes);
    if (sent == bytes.size() || client.is_doomed) continue;
    if (!chunk) chunk = make_chunk(bytes);
    enqueue(client, chunk, sent);
  }
}

void Hub::enqueue(HubClient& client, const Chunk& chunk, std::size_t skip) {
  if (!client.has_queue()) {
    client.queue = std::make_unique<OutputQueue>();
    if (behaviour_->is_shared()) stuck_.touch(client, client.stuck, now_);
  } else if (client.is_laggard && client.queue->cost() >= options_.queue_bytes) {
    return miss(client);
  }
  client.queue->push(chunk, skip);
  if (behaviour_->is_shared() && client.queue->cost() >= options_.queue_bytes) note_filled(client);
  register_events(client);
}

void Hub::note_filled(HubClient& client) {
  if (client.is_full || client.is_laggard) return;
  client.is_full = true;
  full_.touch(client, client.full, now_);
}

void Hub::note_drained(HubClient& client) {
  if (client.is_full && client.queue->cost() <= options_.queue_bytes / 2) stop_waiting_for(client);
  if (!client.queue->empty()) return;
  client.queue.reset();
  stuck_.remove(client.stuck);
  if (client.transport->has_buffered()) buffered_.touch(client, client.buffered, now_);
}

void Hub::stop_waiting_for(HubClient& client) {
  client.is_full = false;
  full_.remove(client.full);
}

void Hub::miss(HubClient& client) {
  if (std::exchange(client.was_warned_of, true)) return;
  observer_.on_warning({make_error_code(Errc::timed_out),
                        to_string(client.addresses.remote),
                        "reads too slowly and misses what does not fit into its queue",
                        {}});
}

void Hub::hold_back(HubClient& client) { held_back_.touch(client, client.held_back, now_); }

void Hub::resume() {
  while (!held_back_.empty()) {
    HubClient& client = held_back_.front();
    held_back_.remove(client.held_back);
    if (client.transport->has_buffered()) buffered_.touch(client, client.buffered, now_);
    register_events(client);
  }
}

}  // namespace tcp::stream
