// SPDX-License-Identifier: MIT
// Between the scan and its observer: open ports are held back until their banner is known, all others pass. The banners
// are fetched on a thread of their own, beside the scan; the observer is told on the thread of the scan.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "libtcp/scan/banner_grabber.hpp"
#include "libtcp/scan/scan.hpp"

namespace tcp::scan {

struct BannerSetup {
  BannerOptions options;
  const TlsProbes* tls = nullptr;  // null: no TLS
  BannerGrabber::NameOf name_of;   // asked from the other thread
};

class BannerStage final : public Observer {
 public:
  // Starts the thread, which takes no signals. The references must outlive it; `clients` is used by nobody else.
  BannerStage(BannerSetup setup, const Clock& clock, net::TcpClients& clients, Observer& next);
  ~BannerStage() override;
  BannerStage(const BannerStage&) = delete;
  BannerStage& operator=(const BannerStage&) = delete;

  void on_result(const PortResult& result) override;
  void on_host_note(const HostNote& note) override { next_.on_host_note(note); }
  void on_progress(const Progress& progress) override { next_.on_progress(progress); }
  void on_checkpoint(const Checkpoint& checkpoint) override { next_.on_checkpoint(checkpoint); }
  [[nodiscard]] bool stop_requested() override;

  // Behind the scan: until the last banner is there and told, or a stop is requested. False: it was stopped, and what
  // was known is told. Errors: those of the clients.
  [[nodiscard]] Result<bool> finish();

 private:
  void work();
  [[nodiscard]] bool take_orders();
  void deliver();
  void wait_for_some();

  Observer& next_;
  const Clock& clock_;
  net::TcpClients& clients_;
  BannerGrabber grabber_;  // the thread's

  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<PortResult> orders_;
  std::vector<PortResult> done_;
  bool no_more_orders_ = false;
  bool stopped_ = false;
  bool ended_ = false;  // the thread
  Result<void> outcome_;
  std::thread thread_;
};

}  // namespace tcp::scan
