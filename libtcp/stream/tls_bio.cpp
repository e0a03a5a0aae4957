// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_bio.hpp"

#include <algorithm>

namespace tcp::stream {
namespace {

// Of what was collected and not yet sent. A send fills half of it; the rest is for a peer that asks for new keys again
// and again and reads none of the answers.
constexpr std::size_t kMostOutputBytes = std::size_t{512} * 1024;

}  // namespace

// OpenSSL's callbacks; the data of the BIO is the TlsSocket.
struct TlsBioMethod {
  static TlsSocket& socket_of(BIO* bio) { return *static_cast<TlsSocket*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* bytes, int size) {
    TlsSocket& socket = socket_of(bio);
    BIO_clear_retry_flags(bio);
    if (socket.output_.size() > kMostOutputBytes && socket.flush() != TlsSocket::Flushed::all) {
      BIO_set_retry_write(bio);
      return -1;
    }
    const auto all = std::as_bytes(std::span(bytes, static_cast<std::size_t>(size)));
    socket.output_.insert(socket.output_.end(), all.begin(), all.end());
    return size;
  }

  static int read(BIO* bio, char* buffer, int size) {
    bool blocked = false;
    BIO_clear_retry_flags(bio);
    const int count = socket_of(bio).read(buffer, size, blocked);
    if (blocked) BIO_set_retry_read(bio);
    return count;
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return socket_of(bio).ended_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP ? 1 : 0;
  }

  // Lives as long as the process.
  static const BIO_METHOD* get() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tcpbox socket");
      if (made == nullptr) return made;
      BIO_meth_set_write(made, write);
      BIO_meth_set_read(made, read);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return method;
  }
};

BIO* TlsSocket::make_bio() {
  const BIO_METHOD* method = TlsBioMethod::get();
  BIO* bio = method != nullptr ? BIO_new(method) : nullptr;
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

int TlsSocket::read(char* buffer, int size, bool& blocked) {
  const auto room = std::as_writable_bytes(std::span(buffer, static_cast<std::size_t>(size)));
  const Attempt attempt = below_->receive(room);
  blocked = attempt.want != Want::nothing;
  if (blocked) {
    wanted_to_read_ = attempt.want;
    return -1;
  }
  if (attempt.error) {
    error_ = attempt.error;
    return -1;
  }
  ended_ = ended_ || attempt.bytes == 0;
  look_at({reinterpret_cast<const unsigned char*>(buffer), attempt.bytes});
  return static_cast<int>(attempt.bytes);
}

void TlsSocket::look_at(std::span<const unsigned char> bytes) {
  const std::size_t count = std::min(bytes.size(), beginning_.size() - beginning_size_);
  std::copy_n(bytes.begin(), count, beginning_.begin() + static_cast<std::ptrdiff_t>(beginning_size_));
  beginning_size_ += count;
}

TlsSocket::Flushed TlsSocket::flush() {
  while (sent_ < output_.size()) {
    const Attempt attempt = below_->send(std::span(output_).subspan(sent_));
    if (attempt.want != Want::nothing) {
      wanted_to_flush_ = attempt.want;
      return Flushed::blocked;
    }
    if (attempt.error) {
      error_ = attempt.error;
      return Flushed::failed;
    }
    sent_ += attempt.bytes;
    total_sent_ += attempt.bytes;
  }
  output_.clear();
  sent_ = 0;
  return Flushed::all;
}

Attempt TlsSocket::shut_down_sending() {
  const Attempt attempt = below_->finish_sending();
  if (attempt.error) error_ = attempt.error;
  return attempt;
}

}  // namespace tcp::stream
