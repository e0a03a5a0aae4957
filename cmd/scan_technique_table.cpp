// SPDX-License-Identifier: MIT
#include "cmd/scan_technique_table.hpp"

#include "cmd/output/table.hpp"
#include "libtcp/packet/control_bit_names.hpp"
#include "libtcp/scan/technique.hpp"

namespace tcp::cmd {

void print_techniques(Output& out) {
  Table table({{"NAME"}, {"SENDS"}, {"SILENCE IS"}, {"", false, true}});
  for (const scan::Technique& technique : scan::techniques()) {
    table.add_row({std::string(technique.name),
                   technique.raw ? packet::to_string_control_bit_names(technique.control_bits) : "connect()",
                   std::string(scan::to_string(technique.silence.state)), std::string(technique.summary)});
  }
  out.write(table.render(out.terminal()));
}

}  // namespace tcp::cmd
