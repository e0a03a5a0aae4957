// SPDX-License-Identifier: MIT
// A client's place inside the door, given back when the client goes.
#pragma once

#include <functional>
#include <utility>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/address.hpp"

namespace tcp::stream {

class Visit {
 public:
  using Leave = std::function<void(const Address&)>;

  Visit() = default;
  Visit(Address remote, Leave leave) : remote_(std::move(remote)), leave_(std::move(leave)) {}
  Visit(Visit&& other) noexcept : remote_(std::move(other.remote_)), leave_(std::exchange(other.leave_, nullptr)) {}
  Visit& operator=(Visit&& other) noexcept {
    std::swap(remote_, other.remote_);
    std::swap(leave_, other.leave_);
    return *this;
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    if (leave_) leave_(remote_);
  }

  // Somebody else gives the place back.
  void hand_over() noexcept { leave_ = nullptr; }

 private:
  Address remote_;
  Leave leave_;
};

// Somebody who was let in.
struct Visitor {
  UniqueFd socket;  // none: nobody came in time
  AddressPair addresses;
  Visit visit;
};

}  // namespace tcp::stream
