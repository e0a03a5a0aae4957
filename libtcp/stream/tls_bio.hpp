// SPDX-License-Identifier: MIT
// What is below TLS, as OpenSSL sees it: a socket, or something over it. What it writes is collected and leaves in few
// large pieces; what it reads is looked at, as long as it may turn out to be no TLS at all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "libtcp/stream/tls_openssl.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

class TlsSocket {
 public:
  // `below` moves the bytes; `socket` is the descriptor at its bottom, borrowed.
  TlsSocket(int socket, std::unique_ptr<Transport> below) : socket_(socket), below_(std::move(below)) {}
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  // A BIO over it; it must outlive the BIO. Null when there is no memory.
  [[nodiscard]] BIO* make_bio();

  [[nodiscard]] int descriptor() const noexcept { return socket_; }
  [[nodiscard]] bool is_over_plain() const noexcept { return below_->is_plain(); }

  enum class Flushed { all, blocked, failed };
  // Sends what was collected.
  [[nodiscard]] Flushed flush();
  // FIN.
  [[nodiscard]] Attempt shut_down_sending();

  // What has to be waited for, after a read or a flush that was blocked.
  [[nodiscard]] Want wanted_to_read() const noexcept { return wanted_to_read_; }
  [[nodiscard]] Want wanted_to_flush() const noexcept { return wanted_to_flush_; }
  // Of the call that failed last; empty: none did.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  // A FIN has been read.
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }
  // Bytes that have left.
  [[nodiscard]] std::uint64_t total_sent() const noexcept { return total_sent_; }
  // The first bytes that came.
  [[nodiscard]] std::span<const unsigned char> beginning() const noexcept {
    return std::span(beginning_).first(beginning_size_);
  }

 private:
  friend struct TlsBioMethod;
  int read(char* buffer, int size, bool& blocked);
  void look_at(std::span<const unsigned char> bytes);

  int socket_;
  std::unique_ptr<Transport> below_;
  Want wanted_to_read_ = Want::readable;
  Want wanted_to_flush_ = Want::writable;
  std::error_code error_;
  bool ended_ = false;
  std::array<unsigned char, 8> beginning_{};
  std::size_t beginning_size_ = 0;
  std::vector<std::byte> output_;
  std::size_t sent_ = 0;  // of output_
  std::uint64_t total_sent_ = 0;
};

}  // namespace tcp::stream
