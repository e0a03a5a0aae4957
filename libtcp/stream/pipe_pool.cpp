// SPDX-License-Identifier: MIT
#include "libtcp/stream/pipe_pool.hpp"

#include <fcntl.h>

#include <array>

namespace tcp::stream {
namespace {

constexpr std::size_t kMostFree = 16;
constexpr int kPipeBytes = 1 << 20;  // /proc/sys/fs/pipe-max-size allows it to everybody

}  // namespace

std::optional<PipePair> PipePool::take() {
  if (!free_.empty()) {
    PipePair pipe = std::move(free_.back());
    free_.pop_back();
    return pipe;
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return std::nullopt;
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  return PipePair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void PipePool::give_back(PipePair pipe) {
  if (free_.size() < kMostFree) free_.push_back(std::move(pipe));
}

PipePool& PipePool::shared() {
  thread_local PipePool pool;
  return pool;
}

}  // namespace tcp::stream
