// SPDX-License-Identifier: MIT
// A run kept while it is shown, for what can be drawn only at its end.
#pragma once

#include <memory>
#include <vector>

#include "cmd/output/view.hpp"

namespace tcp::cmd {

struct KeptRun {
  Record run;
  std::vector<Record> results;
  Record summary;
};

class KeepingView final : public View {
 public:
  enum class Results : unsigned char { kept, passed_on };

  // `kept` must outlive it.
  KeepingView(std::unique_ptr<View> view, KeptRun& kept, Results results)
      : view_(std::move(view)), kept_(kept), results_(results) {}

  void start(const Record& run) override {
    kept_.run = run;
    view_->start(run);
  }
  void result(const Record& result) override {
    if (results_ == Results::kept) kept_.results.push_back(result);
    view_->result(result);
  }
  void summary(const Record& summary) override {
    kept_.summary = summary;
    view_->summary(summary);
  }

 private:
  std::unique_ptr<View> view_;
  KeptRun& kept_;
  Results results_;
};

}  // namespace tcp::cmd
