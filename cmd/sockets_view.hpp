// SPDX-License-Identifier: MIT
// A listing of sockets: as text, as JSON, as NDJSON.
#pragma once

#include <memory>

#include "cmd/output/view.hpp"
#include "cmd/sockets_columns.hpp"
#include "cmd/sockets_json.hpp"

namespace tcp::cmd {

class SocketsView {
 public:
  virtual ~SocketsView() = default;
  // Once, first.
  virtual void start(const Record& run) = 0;
  virtual void row(const sockets::SocketRow& row) = 0;
  // The same in two steps: what is to be shown is appended to `text`, to be handed over later.
  virtual void capture(std::string& text, const sockets::SocketRow& row) = 0;
  virtual void captured(std::string_view text) = 0;
  // What is no socket: a group, an explanation. Text shows those otherwise.
  virtual void result(const Record& result) = 0;
  // Once, last.
  virtual void summary(const Record& summary) = 0;
};

struct SocketsTextOptions {
  ColumnList columns;
  CellStyle style;
  bool info = false;
};

// Both write to `out`, which must outlive them, as what the options refer to.
[[nodiscard]] std::unique_ptr<SocketsView> make_sockets_text_view(Output& out, const SocketsTextOptions& options);
// `format` is json or ndjson.
[[nodiscard]] std::unique_ptr<SocketsView> make_sockets_json_view(Format format, Output& out,
                                                                  const SocketJsonOptions& options);

}  // namespace tcp::cmd
