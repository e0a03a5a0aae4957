// SPDX-License-Identifier: MIT
#include "libtcp/net/datagrams_ahead.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <csignal>

namespace tcp::net {

Result<std::optional<std::span<const std::uint8_t>>> receive_netlink_datagram(int fd, std::span<std::uint8_t> buffer,
                                                                              bool may_wait) {
  sockaddr_nl sender{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t length = -1;
  do {
    length = ::recvmsg(fd, &message, may_wait ? 0 : MSG_DONTWAIT);
  } while (length < 0 && errno == EINTR);
  if (length < 0 && errno == EAGAIN) {
    if (!may_wait) return std::nullopt;
    return make_error(Errc::timed_out, "read netlink answer");
  }
  if (length < 0) return system_error("read netlink answer");
  if ((message.msg_flags & MSG_TRUNC) != 0) return system_error("read netlink answer", EMSGSIZE);
  if (sender.nl_pid != 0) return std::span<const std::uint8_t>();
  return std::span<const std::uint8_t>(buffer.first(static_cast<std::size_t>(length)));
}

DatagramsAhead::DatagramsAhead(int fd, std::size_t most_bytes) : fd_(fd), most_bytes_(most_bytes) {
  for (Slot& slot : slots_) slot.bytes = std::make_unique_for_overwrite<std::uint8_t[]>(most_bytes);
  // Signals are for the thread that knows what to do about them.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { work(); });
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

DatagramsAhead::~DatagramsAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<std::optional<std::span<const std::uint8_t>>> DatagramsAhead::next() {
  std::unique_lock lock(mutex_);
  if (holds_one_) {
    ++taken_;
    holds_one_ = false;
    changed_.notify_all();
  }
  changed_.wait(lock, [this] { return ended_ || read_ != taken_; });
  if (read_ == taken_) return std::nullopt;
  holds_one_ = true;
  return slots_[taken_ % slots_.size()].datagram;
}

// The kernel makes a part of a dump when the one before it is read, so there is one at hand until the last is read.
void DatagramsAhead::work() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    changed_.wait(lock, [this] { return stopping_ || read_ - taken_ < slots_.size(); });
    if (stopping_) return;
    Slot& slot = slots_[read_ % slots_.size()];
    lock.unlock();
    slot.datagram = receive_netlink_datagram(fd_, {slot.bytes.get(), most_bytes_}, false);
    lock.lock();
    const bool none = slot.datagram && !slot.datagram->has_value();
    ended_ = none || !slot.datagram;
    if (!none) ++read_;
    changed_.notify_all();
  }
}

}  // namespace tcp::net
