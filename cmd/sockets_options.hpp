// SPDX-License-Identifier: MIT
// All that tcpbox sockets was asked, and what its ways of answering have in common.
#pragma once

#include <memory>
#include <string>

#include "cmd/command.hpp"
#include "cmd/options.hpp"
#include "cmd/sockets_pass.hpp"
#include "cmd/sockets_selection.hpp"
#include "cmd/sockets_show_options.hpp"
#include "cmd/sockets_view.hpp"

namespace tcp::cmd {

struct SocketsOptions {
  SelectionOptions selection;
  ColumnOptions columns;
  OrderOptions order;
  TimeOptions time;
  OutputOptions output;
  bool explain = false;
  bool kill = false;
  bool yes = false;

  [[nodiscard]] bool is_text() const noexcept { return output.format() == Format::text; }
  [[nodiscard]] std::unique_ptr<SocketsView> make_view(Context& context, SocketNames& names) const;
  [[nodiscard]] Record run_record(const Context& context) const;
};

// sockets_listing.cpp: the sockets, groups of them or counts, once.
[[nodiscard]] Result<ExitCode> list_sockets(Context& context, const SocketsOptions& options, SocketsPass& pass);
// sockets_watch.cpp: again and again.
[[nodiscard]] Result<ExitCode> watch_sockets(Context& context, const SocketsOptions& options, SocketsPass& pass);
// sockets_events.cpp: what happens to them, as it happens.
[[nodiscard]] Result<ExitCode> tell_socket_events(Context& context, const SocketsOptions& options,
                                                  const sockets::Query& query);
// sockets_kill.cpp: closes them.
[[nodiscard]] Result<ExitCode> kill_sockets(Context& context, const SocketsOptions& options, SocketsPass& pass);

}  // namespace tcp::cmd
