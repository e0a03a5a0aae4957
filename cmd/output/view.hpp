// SPDX-License-Identifier: MIT
// One rendering of a run: a start, results as they happen, a summary.
//
// JSON (--json):   {"type":"report","schema":"tcpbox.scan/1","run":{…},"results":[…],"summary":{…}}
// NDJSON (--ndjson): {"type":"start","schema":…}, one object a result, {"type":"summary",…}, a line each
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cmd/output/output.hpp"
#include "cmd/output/record.hpp"

namespace tcp::cmd {

enum class Format : unsigned char { text, json, ndjson };

class View {
 public:
  virtual ~View() = default;
  // Once, first.
  virtual void start(const Record& run) = 0;
  // Any number of times, as they become known.
  virtual void result(const Record& result) = 0;
  // Once, last, also when interrupted (then with "complete": false).
  virtual void summary(const Record& summary) = 0;
};

// A rendering as JSON also takes results that are written already (json_writer.hpp): tens of thousands of them.
class JsonRows : public View {
 public:
  // One object, the same as result() of its Record.
  virtual void written_result(std::string_view object) = 0;
};

// The first record of a run: type, schema "tcpbox.<command>/<major>", version, arguments, started (RFC 3339).
[[nodiscard]] Record make_run_record(std::string_view command, int major, const std::vector<std::string>& arguments,
                                     const std::string& started);

// `text` when the format is text, otherwise the JSON rendering; writes to `out`, which must outlive it.
[[nodiscard]] std::unique_ptr<View> make_view(Format format, Output& out, std::unique_ptr<View> text);

// json.cpp: the only file that writes with the JSON library.
[[nodiscard]] std::string to_json(const Record& record);
// `format` is json or ndjson.
[[nodiscard]] std::unique_ptr<JsonRows> make_json_rows(Format format, Output& out);
[[nodiscard]] std::unique_ptr<View> make_json_view(Output& out);
[[nodiscard]] std::unique_ptr<View> make_ndjson_view(Output& out);

}  // namespace tcp::cmd
