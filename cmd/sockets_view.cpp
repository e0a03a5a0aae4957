// SPDX-License-Identifier: MIT
#include "cmd/sockets_view.hpp"

#include "cmd/sockets_table.hpp"

namespace tcp::cmd {
namespace {

class TextView final : public SocketsView {
 public:
  TextView(Output& out, const SocketsTextOptions& options)
      : out_(out),
        table_([&out](std::string_view text) { out.write(text); }, out.terminal(), options.columns, options.style,
               options.info) {}

  void start(const Record& /*run*/) override {}
  void row(const sockets::SocketRow& row) override { table_.row(row); }
  void capture(std::string& text, const sockets::SocketRow& row) override { table_.capture(text, row); }
  void captured(std::string_view text) override { table_.captured(text); }
  void result(const Record& /*result*/) override {}
  void summary(const Record& /*summary*/) override {
    table_.finish();
    out_.end_record();
  }

 private:
  Output& out_;
  SocketTable table_;
};

class JsonSocketsView final : public SocketsView {
 public:
  JsonSocketsView(Format format, Output& out, const SocketJsonOptions& options)
      : view_(make_json_rows(format, out)), options_(options) {}

  void start(const Record& run) override { view_->start(run); }
  void row(const sockets::SocketRow& row) override {
    object_.clear();
    append_json(object_, row, options_);
    view_->written_result(object_);
  }
  void capture(std::string& text, const sockets::SocketRow& row) override { append_json(text, row, options_); }
  void captured(std::string_view text) override { view_->written_result(text); }
  void result(const Record& result) override { view_->result(result); }
  void summary(const Record& summary) override { view_->summary(summary); }

 private:
  std::unique_ptr<JsonRows> view_;
  SocketJsonOptions options_;
  std::string object_;
};

}  // namespace

std::unique_ptr<SocketsView> make_sockets_text_view(Output& out, const SocketsTextOptions& options) {
  return std::make_unique<TextView>(out, options);
}

std::unique_ptr<SocketsView> make_sockets_json_view(Format format, Output& out, const SocketJsonOptions& options) {
  return std::make_unique<JsonSocketsView>(format, out, options);
}

}  // namespace tcp::cmd
