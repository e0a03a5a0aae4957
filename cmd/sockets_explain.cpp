// SPDX-License-Identifier: MIT
#include "cmd/sockets_explain.hpp"

#include "cmd/output/table.hpp"
#include "cmd/sockets_columns.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

Record to_record(const sockets::Filter& filter) {
  const auto explanation = filter.explain();
  List lines;
  for (const std::string& line : explanation.bytecode) lines.emplace_back(line);
  Record record("explanation");
  record.add("filter", text_or_null(filter.to_string()));
  record.add("kernel", text_or_null(explanation.kernel));
  record.add("here", text_or_null(explanation.here));
  return record.add("bytecode", std::move(lines));
}

std::string or_nothing(const Value& value, const char* otherwise) {
  return value.is_null() ? otherwise : sanitize(value.text());
}

std::string explanation_text(const Record& record) {
  std::string text = "filter  " + or_nothing(record["filter"], "none: every socket") + "\n";
  text += "kernel  " + or_nothing(record["kernel"], "nothing: it tells every socket of the states asked for") + "\n";
  text += "here    " + or_nothing(record["here"], "nothing") + "\n";
  if (record["bytecode"].list()->empty()) return text;
  text += "\n";
  for (const Value& line : *record["bytecode"].list()) text += sanitize(line.text()) + "\n";
  return text;
}

}  // namespace

void show_columns(Output& out) {
  Table table({{"COLUMN"}, {"UNIT"}, {"WHAT IT SHOWS", false, true}});
  for (const SocketColumn& column : socket_columns()) {
    std::string unit(key_suffix(column.unit));
    for (char& c : unit) c = c == '_' ? ' ' : c;
    table.add_row({std::string(column.name), unit.empty() ? unit : unit.substr(1), std::string(column.description)});
  }
  out.write(table.render(out.terminal()));
}

void show_explanation(Context& context, Format format, const sockets::Filter& filter, const Record& run) {
  const Record record = to_record(filter);
  if (format == Format::text) {
    context.out.write(explanation_text(record));
    return;
  }
  const auto view = make_json_rows(format, context.out);
  view->start(run);
  view->result(record);
  Record summary("summary");
  view->summary(summary.add("complete", true).add("results", 1));
}

}  // namespace tcp::cmd
