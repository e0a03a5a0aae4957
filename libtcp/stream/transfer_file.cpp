// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_file.hpp"

#include <algorithm>

namespace tcp::stream {
namespace {

// Between looks at what else there is to do, while a long file is hashed.
constexpr std::uint64_t kStepBytes = std::uint64_t{64} << 20;

}  // namespace

bool is_same_version(const struct stat& status, const TransferEntry& entry) {
  return S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == entry.size &&
         status.st_mtim.tv_sec == entry.modified_s && status.st_mtim.tv_nsec == static_cast<long>(entry.modified_ns);
}

Awaitable<Result<TreeDigest>> hash_beginning(Executor executor, TransferHasher& hasher, int file, std::uint64_t bytes) {
  hasher.begin();
  for (std::uint64_t offset = 0; offset < bytes; offset += kTransferChunkBytes) {
    hasher.submit(file, offset, static_cast<std::size_t>(std::min<std::uint64_t>(kTransferChunkBytes, bytes - offset)));
    if (offset % kStepBytes == 0) co_await asio::post(executor, kToken);
  }
  co_return hasher.finish();
}

Transferred transferred(const TransferEntry& entry) {
  Transferred event;
  event.path = entry.path;
  event.kind = to_string(entry.kind);
  event.size = entry.size;
  return event;
}

}  // namespace tcp::stream
