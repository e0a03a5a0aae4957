// SPDX-License-Identifier: MIT
// The socket as OpenSSL sees it. What it writes is collected and leaves in few large pieces; what it reads is looked
// at, as long as it may turn out to be no TLS at all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "libtcp/stream/tls_openssl.hpp"

namespace tcp::stream {

class TlsSocket {
 public:
  explicit TlsSocket(int socket) : socket_(socket) {}
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  // A BIO over it; it must outlive the BIO. Null when there is no memory.
  [[nodiscard]] BIO* make_bio();

  [[nodiscard]] int descriptor() const noexcept { return socket_; }

  enum class Flushed { all, blocked, failed };
  // Sends what was collected.
  [[nodiscard]] Flushed flush();
  // FIN.
  [[nodiscard]] bool shut_down_sending();

  // errno of the call that failed last; zero: none did.
  [[nodiscard]] int error_number() const noexcept { return error_number_; }
  [[nodiscard]] std::error_code error() const { return {error_number_, std::generic_category()}; }
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
  int error_number_ = 0;
  bool ended_ = false;
  std::array<unsigned char, 8> beginning_{};
  std::size_t beginning_size_ = 0;
  std::vector<std::byte> output_;
  std::size_t sent_ = 0;  // of output_
  std::uint64_t total_sent_ = 0;
};

}  // namespace tcp::stream
