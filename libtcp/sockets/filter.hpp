// SPDX-License-Identifier: MIT
// Which sockets are wanted: ss(8)'s filter expressions and more, split into what the kernel decides (INET_DIAG
// bytecode) and what is decided here.
//
//   dport = :443 and ( src 10.0.0.0/8 or not sport < :1024 ) and rtt > 50ms and process nginx*
//
// "and" binds closer than "or", "not" closest; two terms side by side are joined by "and", as ss(8) documents it.
// What is not known of a socket (the RTT in TIME-WAIT, the process behind an orphan) decides nothing: neither a term
// about it nor its negation selects the socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/net/host.hpp"
#include "libtcp/sockets/socket_dump.hpp"
#include "libtcp/sockets/socket_row.hpp"

namespace tcp::sockets {

// Where names in an expression come from, and what this machine allows; a test has its own. A function that is not set
// knows no name.
struct FilterNames {
  std::function<Result<std::vector<IpAddress>>(const std::string& host)> addresses;  // all of them
  std::function<std::optional<std::uint16_t>(std::string_view service)> port;
  std::function<std::optional<std::uint32_t>(const std::string& user)> user_id;
  std::function<std::optional<std::uint32_t>(const std::string& interface)> interface_index;
  std::function<std::optional<std::uint64_t>(const std::string& path)> cgroup_id;  // cgroup 2
  net::PortInterval ephemeral{32768, 60999};  // of this network namespace, for "autobound"
  bool sees_marks = false;                    // CAP_NET_ADMIN: without it "fwmark" is refused
};
// The system's resolver, the port registry, the user database, the interfaces and ephemeral ports of this namespace,
// the mounted cgroup 2 and this thread's capabilities.
[[nodiscard]] FilterNames system_filter_names();

struct FilterNode;

// What a filter needs to be told before it can decide.
struct FilterNeeds {
  bool holders = false;  // pid, process, unit, container
  bool cgroup = false;
  bool rates = false;
  DetailSet details = 0;  // tcp_info for rtt, congestion, …
};

// Immutable; copies share the tree.
class Filter {
 public:
  Filter() = default;  // selects everything

  // Errors: invalid_input that names the offending word and what would be right; a name that does not resolve.
  // not_permitted: "fwmark" without CAP_NET_ADMIN. At most kMostBytes long and kMostDepth deep.
  [[nodiscard]] static Result<Filter> parse(std::string_view text, const FilterNames& names);
  static constexpr std::size_t kMostBytes = 16384;
  static constexpr std::size_t kMostDepth = 64;

  [[nodiscard]] bool empty() const noexcept { return root_ == nullptr; }
  // Says nothing that a socket could fail: empty, or "state all", "src = *".
  [[nodiscard]] bool selects_everything() const;
  [[nodiscard]] Filter operator&&(const Filter& other) const;

  // The whole expression on one row; exact whatever the kernel has decided already, but for "autobound", which the
  // kernel alone knows: here every port of the ephemeral range may be or not be.
  [[nodiscard]] bool matches(const SocketRow& row) const;
  // False only when nothing that is still unknown of this row (its holders, its rates) can make it match.
  [[nodiscard]] bool may_match(const SocketRow& row) const;
  // The states that can match at all, from "state" terms; all when nothing is said.
  [[nodiscard]] StateSet states() const;
  // Whether the expression says anything of states.
  [[nodiscard]] bool names_states() const;
  // What the kernel can decide of it: a necessary condition, so that nothing that matches is left out. Empty: nothing.
  [[nodiscard]] std::vector<std::uint8_t> bytecode() const;
  // True when the kernel, asked for states() with bytecode(), decides: every row it lets pass matches.
  [[nodiscard]] bool kernel_decides_all() const;
  [[nodiscard]] FilterNeeds needs() const;
  // The expression in full parentheses, names resolved.
  [[nodiscard]] std::string to_string() const;
  // For --explain: the part the kernel decides and the part decided here, each as an expression, empty when there is
  // none.
  struct Explanation {
    std::string kernel;
    std::string here;
    std::vector<std::string> bytecode;  // one line an instruction
  };
  [[nodiscard]] Explanation explain() const;

 private:
  explicit Filter(std::shared_ptr<const FilterNode> root) : root_(std::move(root)) {}
  std::shared_ptr<const FilterNode> root_;
};

}  // namespace tcp::sockets
