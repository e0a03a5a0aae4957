// SPDX-License-Identifier: MIT
// INET_DIAG bytecode of our own making, for people to read.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {
namespace {

using Operand = std::span<const std::uint8_t>;

struct CodeName {
  unsigned char code;
  std::string_view name;
};
constexpr std::array kCodeNames{
    CodeName{INET_DIAG_BC_JMP, "JMP"},
    CodeName{INET_DIAG_BC_S_GE, "S_GE"},
    CodeName{INET_DIAG_BC_S_LE, "S_LE"},
    CodeName{INET_DIAG_BC_D_GE, "D_GE"},
    CodeName{INET_DIAG_BC_D_LE, "D_LE"},
    CodeName{INET_DIAG_BC_AUTO, "AUTO"},
    CodeName{INET_DIAG_BC_S_COND, "S_COND"},
    CodeName{INET_DIAG_BC_D_COND, "D_COND"},
    CodeName{INET_DIAG_BC_DEV_COND, "DEV_COND"},
    CodeName{INET_DIAG_BC_MARK_COND, "MARK_COND"},
    CodeName{INET_DIAG_BC_S_EQ, "S_EQ"},
    CodeName{INET_DIAG_BC_D_EQ, "D_EQ"},
    CodeName{INET_DIAG_BC_CGROUP_COND, "CGROUP_COND"},
};

// Zero where the operand is shorter.
template <class T>
T read(Operand operand) {
  T value{};
  std::memcpy(&value, operand.data(), std::min(operand.size(), sizeof value));
  return value;
}

std::string host_text(Operand operand) {
  const auto head = read<inet_diag_hostcond>(operand);
  const Operand bytes = operand.subspan(std::min(operand.size(), sizeof head));
  const IpAddress address = head.family == AF_INET ? IpAddress::v4(ntohl(read<std::uint32_t>(bytes)))
                                                   : IpAddress::v6(read<std::array<std::uint8_t, 16>>(bytes));
  std::string text = fmt::format("{}/{}", to_string(address), head.prefix_len);
  if (head.port >= 0) text += fmt::format(" port {}", head.port);
  return text;
}

std::string operand_text(unsigned char code, Operand operand) {
  switch (code) {
    case INET_DIAG_BC_JMP:
    case INET_DIAG_BC_AUTO: return {};
    case INET_DIAG_BC_S_COND:
    case INET_DIAG_BC_D_COND: return host_text(operand);
    case INET_DIAG_BC_DEV_COND: return std::to_string(read<std::uint32_t>(operand));
    case INET_DIAG_BC_MARK_COND: {
      const auto mark = read<inet_diag_markcond>(operand);
      return fmt::format("{:#x}/{:#x}", mark.mark, mark.mask);
    }
    case INET_DIAG_BC_CGROUP_COND: return std::to_string(read<std::uint64_t>(operand));
    default: return std::to_string(read<inet_diag_bc_op>(operand).no);
  }
}

std::string target_text(std::size_t target, std::size_t end) {
  if (target == end) return "accept";
  return target > end ? "reject" : std::to_string(target);
}

}  // namespace

std::vector<std::string> disassemble(const std::vector<std::uint8_t>& bytecode) {
  std::vector<std::string> lines;
  const Operand code(bytecode);
  for (std::size_t at = 0; at + sizeof(inet_diag_bc_op) <= code.size();) {
    const auto operation = read<inet_diag_bc_op>(code.subspan(at));
    const std::size_t length = std::clamp<std::size_t>(operation.yes, sizeof operation, code.size() - at);
    const auto* found = std::ranges::find(kCodeNames, operation.code, &CodeName::code);
    const std::string name = found == kCodeNames.end() ? std::to_string(operation.code) : std::string(found->name);
    const std::string target = target_text(at + operation.no, code.size());
    if (operation.code == INET_DIAG_BC_JMP) {
      lines.push_back(fmt::format("{:>5} {} {}", at, name, target));
    } else {
      const std::string operand =
          operand_text(operation.code, code.subspan(at + sizeof operation, length - sizeof operation));
      lines.push_back(fmt::format("{:>5} {}{}{} else {}", at, name, operand.empty() ? "" : " ", operand, target));
    }
    at += length;
  }
  return lines;
}

}  // namespace tcp::sockets
