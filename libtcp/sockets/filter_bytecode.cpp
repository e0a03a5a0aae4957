// SPDX-License-Identifier: MIT
// INET_DIAG bytecode (linux/inet_diag.h). An instruction is an operation of four bytes and its operand; where it does
// not hold the program goes on `no` bytes further, always ahead. The end of the program selects the socket; four bytes
// beyond it is the place that does not.
#include <linux/inet_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <string>

#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {
namespace {

constexpr std::size_t kOperationBytes = sizeof(inet_diag_bc_op);
// The length of a netlink attribute, and `no`, have 16 bits.
constexpr std::size_t kMostBytecode = 65000;

using Bytes = std::vector<std::uint8_t>;

template <class T>
Bytes bytes_of(const T& value) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(&value);
  return {at, at + sizeof value};
}

void append(Bytes& bytes, std::span<const std::uint8_t> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

// Places that are not written yet and lead there.
struct Label {
  std::vector<std::size_t> jumps;
};

class Assembler {
 public:
  // Goes on where `node` holds, to `no` where it does not.
  void compile(const FilterNode& node, Label& no) {
    if (is_too_long()) return;
    switch (node.kind) {
      case NodeKind::term: term(node, no); break;
      case NodeKind::all:
        for (const FilterNode& child : node.children) compile(child, no);
        break;
      case NodeKind::any: any(node, no); break;
    }
  }

  [[nodiscard]] bool is_too_long() const { return bytes_.size() > kMostBytecode; }

  void bind(const Label& label, std::size_t place) {
    for (const std::size_t jump : label.jumps) {
      const auto offset = static_cast<std::uint16_t>(place - jump);
      std::memcpy(&bytes_[jump + offsetof(inet_diag_bc_op, no)], &offset, sizeof offset);
    }
  }

  [[nodiscard]] std::size_t here() const { return bytes_.size(); }
  Bytes take() { return std::move(bytes_); }

 private:
  void any(const FilterNode& node, Label& no) {
    Label done;
    for (const FilterNode& child : node.children) {
      if (&child == &node.children.back()) {
        compile(child, no);
      } else {
        Label next;
        compile(child, next);
        jump(done);
        bind(next, here());
      }
    }
    if (node.children.empty()) jump(no);
    bind(done, here());
  }

  void term(const FilterNode& node, Label& no) {
    if (const auto* port = std::get_if<PortTerm>(&node.term)) return port_term(*port, node.negated, no);
    if (const auto* family = std::get_if<FamilyTerm>(&node.term)) {
      // Any address of AF_INET means the IPv4-mapped ones too: IPv4 is what is not IPv6.
      return instruction(INET_DIAG_BC_S_COND, host_operand(AF_INET6, {}, 0, -1),
                         node.negated != (family->family == Family::v4), no);
    }
    if (const auto* autobound = std::get_if<AutoboundTerm>(&node.term))
      return autobound_term(*autobound, node.negated, no);
    if (const auto* host = std::get_if<HostTerm>(&node.term)) {
      const IpAddress& address = host->prefix.address;
      return instruction(host->end == End::local ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND,
                         host_operand(address.is_v4() ? AF_INET : AF_INET6, address.bytes(), host->prefix.length,
                                      host->port ? *host->port : -1),
                         node.negated, no);
    }
    if (const auto* interface = std::get_if<InterfaceTerm>(&node.term)) {
      return instruction(INET_DIAG_BC_DEV_COND, bytes_of(interface->index), node.negated, no);
    }
    if (const auto* mark = std::get_if<MarkTerm>(&node.term)) {
      return instruction(INET_DIAG_BC_MARK_COND, bytes_of(inet_diag_markcond{mark->mark, mark->mask}), node.negated,
                         no);
    }
    instruction(INET_DIAG_BC_CGROUP_COND, bytes_of(std::get<CgroupTerm>(node.term).id), node.negated, no);
  }

  // Less is not greater or equal, greater is not less or equal.
  void port_term(const PortTerm& term, bool negated, Label& no) {
    const bool local = term.end == End::local;
    const bool inverse = term.comparison == Comparison::less || term.comparison == Comparison::greater;
    unsigned char code = local ? INET_DIAG_BC_S_EQ : INET_DIAG_BC_D_EQ;
    if (term.comparison == Comparison::less || term.comparison == Comparison::greater_equal) {
      code = local ? INET_DIAG_BC_S_GE : INET_DIAG_BC_D_GE;
    } else if (term.comparison != Comparison::equal) {
      code = local ? INET_DIAG_BC_S_LE : INET_DIAG_BC_D_LE;
    }
    instruction(code, port_operand(term.port), negated != inverse, no);
  }

  void autobound_term(const AutoboundTerm& term, bool negated, Label& no) {
    Label locked;
    Label& no_longer = negated ? locked : no;
    instruction(INET_DIAG_BC_AUTO, {}, false, no_longer);
    instruction(INET_DIAG_BC_S_GE, port_operand(term.ephemeral.first), false, no_longer);
    instruction(INET_DIAG_BC_S_LE, port_operand(term.ephemeral.last), false, no_longer);
    if (negated) jump(no);
    bind(locked, here());
  }

  // The port stands where an operation has its `no`.
  static Bytes port_operand(std::uint16_t port) { return bytes_of(inet_diag_bc_op{0, 0, port}); }

  static Bytes host_operand(int family, std::span<const std::uint8_t> address, unsigned prefix_length, int port) {
    inet_diag_hostcond head{};
    head.family = static_cast<std::uint8_t>(family);
    head.prefix_len = static_cast<std::uint8_t>(prefix_length);
    head.port = port;
    Bytes operand = bytes_of(head);
    append(operand, address);
    operand.resize(sizeof head + (family == AF_INET ? 4 : 16));
    return operand;
  }

  void instruction(unsigned char code, const Bytes& operand, bool negated, Label& no) {
    const std::size_t length = kOperationBytes + operand.size();
    if (!negated) no.jumps.push_back(here());
    append(bytes_, bytes_of(inet_diag_bc_op{code, static_cast<std::uint8_t>(length),
                                            static_cast<std::uint16_t>(length + kOperationBytes)}));
    append(bytes_, operand);
    if (negated) jump(no);
  }

  void jump(Label& to) {
    to.jumps.push_back(here());
    append(bytes_, bytes_of(inet_diag_bc_op{INET_DIAG_BC_JMP, kOperationBytes, kOperationBytes}));
  }

  Bytes bytes_;
};

}  // namespace

std::optional<std::vector<std::uint8_t>> assemble(const FilterNode& node) {
  Assembler assembler;
  Label rejected;
  assembler.compile(node, rejected);
  if (assembler.is_too_long()) return std::nullopt;
  assembler.bind(rejected, assembler.here() + kOperationBytes);
  return assembler.take();
}

}  // namespace tcp::sockets
