// SPDX-License-Identifier: MIT
#include "libtcp/scan/banner_stage.hpp"

#include <pthread.h>
#include <signal.h>

namespace tcp::scan {
namespace {

constexpr Duration kLongestWait = std::chrono::seconds(1);
constexpr Duration kBetweenLooks = std::chrono::milliseconds(50);  // at the observer, who may want to stop

PortResult unasked(PortResult result) {
  Banner banner;
  banner.detail = "interrupted";
  result.banner = std::make_shared<const Banner>(std::move(banner));
  return result;
}

// Signals are for the thread of the scan, whose waits they end.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

BannerStage::BannerStage(BannerSetup setup, const Clock& clock, net::TcpClients& clients, Observer& next)
    : next_(next),
      clock_(clock),
      clients_(clients),
      grabber_(setup.options, clock, clients, setup.tls, std::move(setup.name_of), [this](PortResult result) {
        const std::scoped_lock lock(mutex_);
        done_.push_back(std::move(result));
        news_.notify_one();
      }) {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { work(); });
}

BannerStage::~BannerStage() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  clients_.wake();
  thread_.join();
}

// False: there is nothing left to do.
bool BannerStage::take_orders() {
  std::vector<PortResult> orders;
  bool stop = false;
  bool more = false;
  {
    const std::scoped_lock lock(mutex_);
    orders.swap(orders_);
    stop = stopped_;
    more = !no_more_orders_;
  }
  for (PortResult& order : orders) grabber_.add(std::move(order));
  if (stop) grabber_.abandon("interrupted");
  return !stop && (more || !grabber_.is_idle());
}

void BannerStage::work() {
  Result<void> outcome;
  while (take_orders()) {
    outcome = grabber_.step(clock_.now() + kLongestWait);
    if (outcome) continue;
    grabber_.abandon(outcome.error().message());
    break;
  }
  const std::scoped_lock lock(mutex_);
  for (PortResult& order : orders_) done_.push_back(unasked(std::move(order)));
  orders_.clear();
  outcome_ = std::move(outcome);
  ended_ = true;
  news_.notify_one();
}

void BannerStage::deliver() {
  std::vector<PortResult> done;
  {
    const std::scoped_lock lock(mutex_);
    done.swap(done_);
  }
  for (const PortResult& result : done) next_.on_result(result);
}

void BannerStage::on_result(const PortResult& result) {
  bool is_late = false;
  {
    const std::scoped_lock lock(mutex_);
    is_late = stopped_ || ended_;
    if (!is_late && result.state == PortState::open) orders_.push_back(result);
  }
  if (result.state != PortState::open) {
    next_.on_result(result);
  } else if (is_late) {
    next_.on_result(unasked(result));
  } else {
    clients_.wake();
  }
}

bool BannerStage::stop_requested() {
  deliver();
  const bool stop = next_.stop_requested();
  if (!stop) return false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return true;
    stopped_ = true;
  }
  clients_.wake();
  return true;
}

void BannerStage::wait_for_some() {
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, kBetweenLooks, [this] { return ended_ || !done_.empty(); });
}

Result<bool> BannerStage::finish() {
  {
    const std::scoped_lock lock(mutex_);
    no_more_orders_ = true;
  }
  clients_.wake();
  bool ended = false;
  while (!ended) {
    wait_for_some();
    (void)stop_requested();
    const std::scoped_lock lock(mutex_);
    ended = ended_ && done_.empty();
  }
  const std::scoped_lock lock(mutex_);
  if (!outcome_) return std::unexpected(outcome_.error());
  return !stopped_;
}

}  // namespace tcp::scan
