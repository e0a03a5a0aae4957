// SPDX-License-Identifier: MIT
#include "cmd/sockets_options.hpp"

namespace tcp::cmd {

std::unique_ptr<SocketsView> SocketsOptions::make_view(Context& context, SocketNames& names) const {
  if (!is_text()) return make_sockets_json_view(output.format(), context.out, {columns.owners(), &names});
  const CellStyle style{context.out.terminal().is_terminal, &names};
  return make_sockets_text_view(context.out, {columns.columns(), style, columns.info()});
}

Record SocketsOptions::run_record(const Context& context) const {
  return make_run_record("sockets", 1, context.arguments, to_rfc3339(context.clock.wall_now()));
}

}  // namespace tcp::cmd
