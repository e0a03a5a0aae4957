// SPDX-License-Identifier: MIT
// Gives each client the bytes of a file, all of them in parallel.
#pragma once

#include <string>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/client_service.hpp"

namespace tcp::stream {

// A regular file to be read, and how long it was then, in bytes.
struct OpenedFile {
  UniqueFd descriptor;
  std::uint64_t bytes = 0;
};

// Never waits, as opening a FIFO would. Errors: it cannot be opened, or is no regular file ("is a FIFO: only regular
// files are served").
[[nodiscard]] Result<OpenedFile> open_regular_file(const std::string& path);

class FileService final : public ClientService {
 public:
  // Errors: those of open_regular_file(), now. The references must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ClientService>> open(const Executor& executor, const ServeFile& file,
                                                                   const ListenOptions& options,
                                                                   SessionObserver& observer);

  // A file that has gone meanwhile is a reset, so that nobody takes it for an empty one.
  Awaitable<void> serve(Conversation& conversation) override;

 private:
  FileService(const Executor& executor, std::string path, UniqueFd null, const ListenOptions& options,
              SessionObserver& observer);
  void refuse(Conversation& conversation, Error error);

  Executor executor_;
  std::string path_;
  UniqueFd null_;  // takes what clients send
  bool keep_open_;
  RelayOptions relay_;
  SessionObserver& observer_;
  std::string last_warning_;
};

}  // namespace tcp::stream
