// SPDX-License-Identifier: MIT
// A scan as records, for JSON.
#include "cmd/scan_record.hpp"
#include "cmd/scan_view.hpp"

namespace tcp::cmd {
namespace {

class ScanRecordView final : public ScanView {
 public:
  ScanRecordView(std::unique_ptr<View> view, const ScanViewOptions& options)
      : view_(std::move(view)), options_(options) {}

  void start(const Record& run) override { view_->start(run); }
  void port(const scan::PortResult& result) override { view_->result(to_record(result, *options_.targets)); }
  void change(const ScanChange& change) override { view_->result(to_record(change, *options_.targets)); }
  void note(const scan::HostNote& note) override { view_->result(to_record(note, *options_.targets)); }
  void host(const scan::HostFinding& finding) override { view_->result(to_record(finding, *options_.targets)); }
  void summary(const Record& summary) override { view_->summary(summary); }

 private:
  std::unique_ptr<View> view_;
  ScanViewOptions options_;
};

}  // namespace

std::unique_ptr<ScanView> make_scan_record_view(std::unique_ptr<View> view, const ScanViewOptions& options) {
  return std::make_unique<ScanRecordView>(std::move(view), options);
}

}  // namespace tcp::cmd
