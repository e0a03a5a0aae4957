// SPDX-License-Identifier: MIT
// What the kernel does with INET_DIAG bytecode: whether it takes a program, and whether the program selects a socket.
// Written from linux/inet_diag.h and what the kernel was seen to do, and apart from the code that makes the bytecode.
#pragma once

#include <linux/inet_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>

#include "libtcp/sockets/socket_info.hpp"

namespace tcp::test {

using Program = std::span<const std::uint8_t>;

// Zero beyond the end: a jump has no operand.
template <class T>
T operand_of(Program program, std::size_t at) {
  T value{};
  const std::size_t begin = at + sizeof(inet_diag_bc_op);
  const std::size_t left = program.size() - std::min(program.size(), begin);
  std::memcpy(&value, program.data() + program.size() - left, std::min(sizeof value, left));
  return value;
}

inline inet_diag_bc_op operation_at(Program program, std::size_t at) {
  inet_diag_bc_op operation{};
  std::memcpy(&operation, program.data() + at, sizeof operation);
  return operation;
}

// The bytes of an instruction, or 0 when the kernel knows no such one or it does not fit.
inline std::size_t instruction_bytes(Program program, std::size_t at) {
  constexpr std::size_t kHead = sizeof(inet_diag_bc_op);
  const std::size_t left = program.size() - at;
  switch (operation_at(program, at).code) {
    case INET_DIAG_BC_JMP:
    case INET_DIAG_BC_AUTO: return kHead;
    case INET_DIAG_BC_S_EQ:
    case INET_DIAG_BC_S_GE:
    case INET_DIAG_BC_S_LE:
    case INET_DIAG_BC_D_EQ:
    case INET_DIAG_BC_D_GE:
    case INET_DIAG_BC_D_LE:
    case INET_DIAG_BC_DEV_COND: return left < kHead + 4 ? 0 : kHead + 4;
    case INET_DIAG_BC_MARK_COND:
    case INET_DIAG_BC_CGROUP_COND: return left < kHead + 8 ? 0 : kHead + 8;
    case INET_DIAG_BC_S_COND:
    case INET_DIAG_BC_D_COND: {
      std::size_t bytes = kHead + sizeof(inet_diag_hostcond);
      if (left < bytes) return 0;
      const auto condition = operand_of<inet_diag_hostcond>(program, at);
      const std::size_t address = condition.family == AF_INET ? 4 : condition.family == AF_INET6 ? 16 : 0;
      bytes += address;
      return left < bytes || condition.prefix_len > 8 * address ? 0 : bytes;
    }
    default: return 0;
  }
}

// Stricter than the kernel in one thing: "yes" always leads to the very next instruction.
inline bool kernel_takes(Program program) {
  constexpr std::size_t kMost = 65535 - 4;  // a netlink attribute
  if (program.size() < sizeof(inet_diag_bc_op) || program.size() > kMost) return false;
  std::set<std::size_t> places{program.size(), program.size() + 4};
  std::set<std::size_t> targets;
  for (std::size_t at = 0; at < program.size();) {
    if (program.size() - at < sizeof(inet_diag_bc_op)) return false;
    const std::size_t bytes = instruction_bytes(program, at);
    const inet_diag_bc_op operation = operation_at(program, at);
    if (bytes == 0 || operation.yes != bytes || operation.no < bytes || operation.no % 4 != 0) return false;
    places.insert(at);
    targets.insert(at + operation.no);
    at += bytes;
  }
  for (const std::size_t target : targets) {
    if (!places.contains(target)) return false;
  }
  return true;
}

inline bool same_bits(const std::uint8_t* a, const std::uint8_t* b, unsigned bits) {
  for (unsigned bit = 0; bit < bits; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
    if ((a[bit / 8] & mask) != (b[bit / 8] & mask)) return false;
  }
  return true;
}

inline bool host_fits(Program program, std::size_t at, const Endpoint& end) {
  const auto condition = operand_of<inet_diag_hostcond>(program, at);
  const std::uint8_t* wanted = program.data() + at + sizeof(inet_diag_bc_op) + sizeof condition;
  if (condition.port != -1 && condition.port != end.port) return false;
  const std::span<const std::uint8_t> address = end.address.bytes();
  const int family = end.address.is_v4() ? AF_INET : AF_INET6;
  if (condition.family == family) return same_bits(address.data(), wanted, condition.prefix_len);
  if (condition.family != AF_INET) return condition.family == AF_UNSPEC;
  return end.address.is_v4_mapped() && same_bits(address.data() + 12, wanted, condition.prefix_len);
}

inline bool operation_holds(Program program, std::size_t at, const sockets::SocketInfo& socket, bool port_is_locked) {
  const std::uint16_t port = operand_of<inet_diag_bc_op>(program, at).no;
  switch (operation_at(program, at).code) {
    case INET_DIAG_BC_S_EQ: return socket.local.port == port;
    case INET_DIAG_BC_S_GE: return socket.local.port >= port;
    case INET_DIAG_BC_S_LE: return socket.local.port <= port;
    case INET_DIAG_BC_D_EQ: return socket.remote.port == port;
    case INET_DIAG_BC_D_GE: return socket.remote.port >= port;
    case INET_DIAG_BC_D_LE: return socket.remote.port <= port;
    case INET_DIAG_BC_AUTO: return !port_is_locked;
    case INET_DIAG_BC_S_COND: return host_fits(program, at, socket.local);
    case INET_DIAG_BC_D_COND: return host_fits(program, at, socket.remote);
    case INET_DIAG_BC_DEV_COND: return socket.interface_index == operand_of<std::uint32_t>(program, at);
    case INET_DIAG_BC_MARK_COND: {
      const auto condition = operand_of<inet_diag_markcond>(program, at);
      return (socket.mark.value_or(0) & condition.mask) == condition.mark;
    }
    case INET_DIAG_BC_CGROUP_COND: return socket.cgroup_id.value_or(0) == operand_of<std::uint64_t>(program, at);
    default: return false;  // a jump
  }
}

// Of a program that the kernel takes; the empty one selects everything.
inline bool selects(Program program, const sockets::SocketInfo& socket, bool port_is_locked = false) {
  std::size_t at = 0;
  while (at < program.size()) {
    const inet_diag_bc_op operation = operation_at(program, at);
    at += operation_holds(program, at, socket, port_is_locked) ? std::size_t{operation.yes} : std::size_t{operation.no};
  }
  return at == program.size();
}

}  // namespace tcp::test
