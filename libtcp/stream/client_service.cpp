// SPDX-License-Identifier: MIT
#include "libtcp/stream/client_service.hpp"

#include "libtcp/stream/banner_service.hpp"
#include "libtcp/stream/exec_service.hpp"
#include "libtcp/stream/file_service.hpp"
#include "libtcp/stream/forward_service.hpp"
#include "libtcp/stream/local_end.hpp"

namespace tcp::stream {
namespace {

// Standard input and output, for one client after another.
class LocalService final : public ClientService {
 public:
  LocalService(const Executor& executor, LocalEnd local, const ListenOptions& options)
      : executor_(executor), local_(std::move(local)), relay_(options.relay) {
    if (!options.keep_open) return;
    relay_.close_output = false;                      // the next client writes to it as well
    relay_.finish_at_remote_end = !relay_.half_open;  // and must not wait for our input to end
  }

  Awaitable<void> serve(Conversation& conversation) override {
    co_await conversation.relay(executor_, local_, relay_);
    is_over_ = conversation.closed().reason == CloseReason::output_failed;
  }

  bool one_at_a_time() const noexcept override { return true; }
  bool is_over() const noexcept override { return is_over_; }

 private:
  Executor executor_;
  LocalEnd local_;
  RelayOptions relay_;
  bool is_over_ = false;
};

// One of each kind of ServeOptions.
struct ServiceMaker {
  Executor executor;
  const ListenOptions& options;
  SessionObserver& observer;

  Result<std::unique_ptr<ClientService>> operator()(const ServeFile& file) const {
    return FileService::open(executor, file, options, observer);
  }
  Result<std::unique_ptr<ClientService>> operator()(const ServeBanner& banner) const {
    return std::make_unique<BannerService>(executor, banner.text, options.relay);
  }
};

}  // namespace

Result<std::unique_ptr<ClientService>> make_client_service(const Executor& executor, const ListenOptions& options,
                                                           SessionObserver& observer, const Clock& clock) {
  if (options.forward) return make_forward_service(executor, *options.forward, options.relay, observer, clock);
  if (options.exec) {
    TCP_TRY_ASSIGN(exec, Exec::open(executor, *options.exec, options.relay));
    return std::make_unique<ExecService>(std::move(exec), options.keep_open);
  }
  if (options.serve) return std::visit(ServiceMaker{executor, options, observer}, *options.serve);
  TCP_TRY_ASSIGN(local, LocalEnd::open(executor, options.local));
  return std::make_unique<LocalService>(executor, std::move(local), options);
}

}  // namespace tcp::stream
