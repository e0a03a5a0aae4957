// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "cmd/output/view.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Record& record);

struct JsonOf {
  Json operator()(const std::string& value) const { return to_valid_utf8(value); }
  Json operator()(const List& values) const {
    Json array = Json::array();
    for (const Value& value : values) array.push_back(std::visit(JsonOf{}, value.data));
    return array;
  }
  Json operator()(const std::vector<Record>& nested) const { return json_of(nested.front()); }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

Json json_of(const Record& record) {
  Json object = Json::object();
  for (const auto& [key, value] : record.fields()) object[key] = std::visit(JsonOf{}, value.data);
  return object;
}

// Written piece by piece: a long run needs no memory for its results, and what is known is on disk at any time.
class JsonView final : public View {
 public:
  explicit JsonView(Output& out) : out_(out) {}

  void start(const Record& run) override {
    out_.write(R"({"type":"report","schema":)" + Json(run["schema"].text()).dump() + ",\n\"run\":" + to_json(run) +
               ",\n\"results\":[");
  }
  void result(const Record& result) override {
    out_.write((first_ ? "\n" : ",\n") + to_json(result));
    out_.end_record();
    first_ = false;
  }
  void summary(const Record& summary) override { out_.line("\n],\n\"summary\":" + to_json(summary) + "}"); }

 private:
  Output& out_;
  bool first_ = true;
};

class NdjsonView final : public View {
 public:
  explicit NdjsonView(Output& out) : out_(out) {}

  void start(const Record& run) override { out_.line(to_json(run)); }
  void result(const Record& result) override { out_.line(to_json(result)); }
  void summary(const Record& summary) override { out_.line(to_json(summary)); }

 private:
  Output& out_;
};

}  // namespace

std::string to_json(const Record& record) { return json_of(record).dump(); }

std::unique_ptr<View> make_json_view(Output& out) { return std::make_unique<JsonView>(out); }

std::unique_ptr<View> make_ndjson_view(Output& out) { return std::make_unique<NdjsonView>(out); }

}  // namespace tcp::cmd
