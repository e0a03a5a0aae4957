// SPDX-License-Identifier: MIT
#include "libtcp/stream/file_service.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "libtcp/stream/local_end.hpp"

namespace tcp::stream {
namespace {

// A client that goes on sending after it had everything is heard out for so long.
constexpr std::chrono::seconds kPatienceAfterEnd{30};

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

// Opening a device may do things to it: it is looked at first.
Result<void> check_kind(const std::string& path, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return {};
  return make_error(Errc::invalid_input, "serve " + path,
                    std::string("is ") + kind_of(status.st_mode) + ": only regular files are served");
}

}  // namespace

Result<OpenedFile> open_regular_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error("serve " + path);
  TCP_TRY(check_kind(path, status));
  OpenedFile file;
  file.descriptor = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.descriptor) return system_error("serve " + path);
  if (::fstat(file.descriptor.get(), &status) != 0) return system_error("serve " + path);
  TCP_TRY(check_kind(path, status));  // it may be another one by now
  file.bytes = static_cast<std::uint64_t>(status.st_size);
  return file;
}

Result<std::unique_ptr<ClientService>> FileService::open(const Executor& executor, const ServeFile& file,
                                                         const ListenOptions& options, SessionObserver& observer) {
  TCP_TRY(open_regular_file(file.path));
  UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!null) return system_error("open /dev/null");
  return std::unique_ptr<ClientService>(new FileService(executor, file.path, std::move(null), options, observer));
}

FileService::FileService(const Executor& executor, std::string path, UniqueFd null, const ListenOptions& options,
                         SessionObserver& observer)
    : executor_(executor),
      path_(std::move(path)),
      null_(std::move(null)),
      keep_open_(options.keep_open),
      relay_(options.relay),
      observer_(observer) {
  relay_.finish_at_remote_end = false;  // a client that has nothing to say gets the file nonetheless
  relay_.close_output = false;          // the others' bytes go there as well
  if (!relay_.quit_after) relay_.quit_after = kPatienceAfterEnd;
}

Awaitable<void> FileService::serve(Conversation& conversation) {
  auto file = open_regular_file(path_);
  if (!file) {
    refuse(conversation, std::move(file).error());
    co_return;
  }
  LocalDescriptors descriptors;
  descriptors.input = file->descriptor.get();
  descriptors.input_name = path_;
  descriptors.output = null_.get();
  descriptors.output_name = "/dev/null";
  auto local = LocalEnd::open(executor_, descriptors);
  if (!local) {
    refuse(conversation, std::move(local).error());
    co_return;
  }
  const Served served{conversation.id(), path_, file->bytes};
  observer_.on_served(served);
  co_await conversation.relay(executor_, *local, relay_);
}

// What keeps one client from being served mostly keeps the next one too: it is said once.
void FileService::refuse(Conversation& conversation, Error error) {
  conversation.channel().abort();
  const std::string message = error.message();
  if (keep_open_ && message != last_warning_) {
    last_warning_ = message;
    observer_.on_warning(error);
  }
  conversation.close(CloseReason::input_failed, std::move(error));
}

}  // namespace tcp::stream
