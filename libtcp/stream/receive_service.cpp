// SPDX-License-Identifier: MIT
#include "libtcp/stream/receive_service.hpp"

#include "libtcp/stream/transfer_receiver.hpp"

namespace tcp::stream {
namespace {

class ReceiveService final : public ClientService {
 public:
  ReceiveService(const Executor& executor, TransferDirectory directory, const ReceiveOptions& options,
                 const Clock& clock)
      : executor_(executor), directory_(std::move(directory)), options_(options), clock_(clock) {}

  Awaitable<void> serve(Conversation& conversation) override {
    TransferReceiver receiver(executor_, conversation, directory_, options_, clock_);
    co_await receiver.run();
  }

 private:
  Executor executor_;
  TransferDirectory directory_;
  const ReceiveOptions& options_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<ClientService>> make_receive_service(const Executor& executor, const ReceiveOptions& options,
                                                            const Clock& clock) {
  TCP_TRY_ASSIGN(directory, TransferDirectory::open(options.directory));
  return std::make_unique<ReceiveService>(executor, std::move(directory), options, clock);
}

}  // namespace tcp::stream
