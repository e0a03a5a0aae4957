// SPDX-License-Identifier: MIT
#include "cmd/scan_list.hpp"

#include "cmd/interrupt.hpp"
#include "cmd/scan_words.hpp"
#include "libtcp/ports/port_set.hpp"

namespace tcp::cmd {
namespace {

void list_text(Context& context, const scan::Targets& targets, std::size_t ports) {
  const Interrupt interrupt;
  const std::uint64_t size = targets.set.size();
  std::string line;
  for (std::uint64_t i = 0; i < size && !context.out.failed() && !interrupt.flag(); ++i) {
    line = to_string(targets.set[i]);
    line += '\n';
    context.out.write(line);
  }
  context.out.flush();
  interrupt.raise_again();
  context.note(std::to_string(size) + (size == 1 ? " address, " : " addresses, ") + counted(ports, "port") + " each");
}

Record range_record(const AddressRange& range) {
  Record record("range");
  const std::string first = to_string(range.first);
  record.add("first", first);
  record.add("last", range.first == range.last ? first : to_string(range.last));
  record.add("addresses", scan::size_of(range));
  return record;
}

}  // namespace

void list_targets(Context& context, Format format, const scan::Targets& targets,
                  const std::vector<std::uint16_t>& ports) {
  if (format == Format::text) {
    list_text(context, targets, ports.size());
    return;
  }
  const Output::Batch batch(context.out);
  const auto view = make_view(format, context.out, nullptr);
  view->start(make_run_record("scan", 1, context.arguments, to_rfc3339(context.clock.wall_now())));
  for (std::size_t i = 0; i < targets.set.range_count() && !context.out.failed(); ++i) {
    view->result(range_record(targets.set.range(i)));
  }
  ports::PortSet set;
  for (const std::uint16_t port : ports) set.insert({port, port});
  Record summary("summary");
  summary.add("complete", true);
  summary.add("targets", targets.set.size());
  summary.add("ranges", targets.set.range_count());
  summary.add("public_targets", targets.set.count_public());
  summary.add("skipped", targets.skipped);
  summary.add("ports", ports.size());
  summary.add("port_numbers", to_string(set));
  summary.add("pairs", targets.set.size() * ports.size());
  view->summary(summary);
}

}  // namespace tcp::cmd
