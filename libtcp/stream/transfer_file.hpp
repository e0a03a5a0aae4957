// SPDX-License-Identifier: MIT
// What both sides of a transfer ask of a file.
#pragma once

#include <sys/stat.h>

#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/transfer_digest.hpp"
#include "libtcp/stream/transfer_events.hpp"
#include "libtcp/stream/transfer_frames.hpp"

namespace tcp::stream {

// It has the size and the time of the one that was offered.
[[nodiscard]] bool is_same_version(const struct stat& status, const TransferEntry& entry);

// Of the first `bytes`; others have their turn meanwhile. Errors: as TransferHasher::finish().
[[nodiscard]] Awaitable<Result<TreeDigest>> hash_beginning(Executor executor, TransferHasher& hasher, int file,
                                                           std::uint64_t bytes);

// What is to be told of an entry, without what has become of it.
[[nodiscard]] Transferred transferred(const TransferEntry& entry);

}  // namespace tcp::stream
