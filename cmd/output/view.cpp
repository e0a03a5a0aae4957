// SPDX-License-Identifier: MIT
#include "cmd/output/view.hpp"

namespace tcp::cmd {

Record make_run_record(std::string_view command, int major, const std::vector<std::string>& arguments,
                       const std::string& started) {
  List words;
  for (const std::string& argument : arguments) words.emplace_back(argument);
  Record run("start");
  run.add("schema", "tcpbox." + std::string(command) + "/" + std::to_string(major));
  run.add("version", TCPBOX_VERSION);
  run.add("arguments", std::move(words));
  run.add("started", started);
  return run;
}

std::unique_ptr<View> make_view(Format format, Output& out, std::unique_ptr<View> text) {
  switch (format) {
    case Format::text: return text;
    case Format::json: return make_json_view(out);
    case Format::ndjson: return make_ndjson_view(out);
  }
  return text;
}

}  // namespace tcp::cmd
