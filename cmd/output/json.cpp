// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <utility>

#include "cmd/output/json_writer.hpp"
#include "cmd/output/view.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kUsualBytes = 256;  // of a record

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void append_string(std::string& out, std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += Json(to_valid_utf8(text)).dump();
  }
}

// Appends as it goes: millions of records are written, and a tree of each would cost more than all the rest.
class RecordWriter {
 public:
  explicit RecordWriter(std::string& out) : out_(out) {}

  void operator()(const Record& record) const {
    char separator = '{';
    for (const auto& [key, value] : record.fields()) {
      out_ += std::exchange(separator, ',');
      out_ += '"';
      out_ += key;  // ours: snake_case
      out_ += "\":";
      std::visit(*this, value.data);
    }
    out_ += record.fields().empty() ? "{}" : "}";
  }
  void operator()(const std::vector<Record>& nested) const { (*this)(nested.front()); }
  void operator()(const List& values) const {
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      std::visit(*this, values[i].data);
    }
    out_ += ']';
  }
  void operator()(const std::string& text) const { append_string(out_, text); }
  template <class T>
  void operator()(const T& value) const {
    if constexpr (std::integral<T> && !std::same_as<T, bool>) {
      out_ += std::to_string(value);
    } else {
      out_ += Json(value).dump();
    }
  }

 private:
  std::string& out_;
};

// Written piece by piece: a long run needs no memory for its results, and what is known is on disk at any time.
class JsonView final : public JsonRows {
 public:
  explicit JsonView(Output& out) : out_(out) {}

  void start(const Record& run) override {
    out_.write(R"({"type":"report","schema":)" + Json(run["schema"].text()).dump() + ",\n\"run\":" + to_json(run) +
               ",\n\"results\":[");
  }
  void result(const Record& result) override { written_result(to_json(result)); }
  void written_result(std::string_view object) override {
    out_.write(first_ ? "\n" : ",\n");
    out_.write(object);
    out_.end_record();
    first_ = false;
  }
  void summary(const Record& summary) override { out_.line("\n],\n\"summary\":" + to_json(summary) + "}"); }

 private:
  Output& out_;
  bool first_ = true;
};

class NdjsonView final : public JsonRows {
 public:
  explicit NdjsonView(Output& out) : out_(out) {}

  void start(const Record& run) override { out_.line(to_json(run)); }
  void result(const Record& result) override { written_result(to_json(result)); }
  void written_result(std::string_view object) override { out_.line(object); }
  void summary(const Record& summary) override { out_.line(to_json(summary)); }

 private:
  Output& out_;
};

}  // namespace

std::string to_json(const Record& record) {
  std::string text;
  text.reserve(kUsualBytes);
  RecordWriter{text}(record);
  return text;
}

void JsonWriter::field(std::string_view key, double number) {
  put_key(key);
  out_ += Json(number).dump();
}

void JsonWriter::put(std::string_view text) { append_string(out_, text); }

std::unique_ptr<JsonRows> make_json_rows(Format format, Output& out) {
  if (format == Format::ndjson) return std::make_unique<NdjsonView>(out);
  return std::make_unique<JsonView>(out);
}

std::unique_ptr<View> make_json_view(Output& out) { return std::make_unique<JsonView>(out); }

std::unique_ptr<View> make_ndjson_view(Output& out) { return std::make_unique<NdjsonView>(out); }

}  // namespace tcp::cmd
