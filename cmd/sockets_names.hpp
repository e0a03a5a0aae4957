// SPDX-License-Identifier: MIT
// The names of users and interfaces, looked up once each.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace tcp::cmd {

class SocketNames {
 public:
  // Numeric: numbers instead of names.
  explicit SocketNames(bool numeric = false) : numeric_(numeric) {}

  // The number when it has no name here.
  [[nodiscard]] const std::string& user(std::uint32_t user_id);
  // Of the network namespace that the calling thread is in.
  [[nodiscard]] const std::string& interface(std::uint32_t index);
  void forget_interfaces() { interfaces_.clear(); }
  [[nodiscard]] bool numeric() const noexcept { return numeric_; }

 private:
  bool numeric_;
  std::map<std::uint32_t, std::string> users_;
  std::map<std::uint32_t, std::string> interfaces_;
};

}  // namespace tcp::cmd
