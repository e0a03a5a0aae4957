// SPDX-License-Identifier: MIT
// A scan as CSV: a line a port, as it becomes known.
#include "cmd/output/csv.hpp"
#include "cmd/scan_banner_record.hpp"
#include "cmd/scan_words.hpp"
#include "libtcp/scan/banner.hpp"

namespace tcp::cmd {
namespace {

class ScanCsvView final : public ScanView {
 public:
  ScanCsvView(Output& out, const ScanViewOptions& options) : out_(out), options_(options) {}

  void start(const Record& /*run*/) override {
    out_.write(csv_row({"target", "name", "port", "protocol", "state", "reason", "explanation", "service", "rtt_us",
                        "ttl", "probes_sent", "found_service", "found_version", "banner_explanation", "banner"}));
  }

  void port(const scan::PortResult& result) override {
    const scan::Banner* banner = result.banner.get();
    out_.write(csv_row({to_string(result.target.address), name_of(result.target.address, *options_.targets),
                        std::to_string(result.target.port), "tcp", std::string(to_string(result.state)),
                        std::string(to_string(result.reason)), explain(result), service_text(result.target.port),
                        result.rtt ? std::to_string(microseconds(*result.rtt)) : "",
                        result.time_to_live ? std::to_string(*result.time_to_live) : "",
                        std::to_string(result.probes_sent), is_identified(banner) ? banner->service : "",
                        version_of(banner), explanation_of(banner), said_by(banner)}));
    out_.end_record();
  }

  void summary(const Record& /*summary*/) override { out_.end_record(); }

 private:
  Output& out_;
  ScanViewOptions options_;
};

}  // namespace

std::unique_ptr<ScanView> make_scan_csv_view(Output& out, const ScanViewOptions& options) {
  return std::make_unique<ScanCsvView>(out, options);
}

}  // namespace tcp::cmd
