// SPDX-License-Identifier: MIT
// One side of a transfer of files against a peer that has said all it will say, and a place on the disk to do it in.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/transfer_frames.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/temporary_directory.hpp"

namespace tcp::fuzz {

// Answers must fit into the socket: nobody reads them.
inline constexpr std::size_t kMostInput = 32768;

// In memory where there is a place for that: each input has one.
class Scratch : public test::TemporaryDirectory {
 public:
  Scratch() : TemporaryDirectory(std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp") {}
};

inline void write_file(const std::filesystem::path& path, std::string_view text) { std::ofstream(path) << text; }

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

// The conversation with a peer of that role whose words are its preface and the input, and then the end.
class TransferPeer {
 public:
  TransferPeer(stream::TransferRole role, std::span<const std::uint8_t> input, stream::SessionObserver& observer) {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    UniqueFd own(ends[0]);
    peer_ = UniqueFd(ends[1]);
    say(stream::transfer_preface(role));
    say(input.first(std::min(input.size(), kMostInput)));
    ::shutdown(peer_.get(), SHUT_WR);
    auto channel = stream::make_plain_channel(loop_.get_executor(), std::move(own));
    require(channel.has_value());
    stream::Connected connected;
    connected.id = 1;
    conversation_.emplace(std::move(connected), std::move(*channel), observer, clock_);
  }

  [[nodiscard]] stream::Conversation& conversation() noexcept { return *conversation_; }
  [[nodiscard]] stream::Executor executor() { return loop_.get_executor(); }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  void run() { loop_.run(); }

 private:
  void say(std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return;
    require(::send(peer_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }

  asio::io_context loop_{ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  SystemClock clock_;
  UniqueFd peer_;
  std::optional<stream::Conversation> conversation_;
};

}  // namespace tcp::fuzz
