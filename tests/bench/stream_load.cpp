// SPDX-License-Identifier: MIT
// The other side of the stream benchmarks, all on 127.0.0.1:
//
//   stream_load sink PORT                      reads and forgets, closes each connection at its end; until killed
//   stream_load push PORT CONNECTIONS BYTES    as many at once, each sends BYTES, then waits for the end
//   stream_load knock PORT CONNECTIONS FLIGHT  each sends one byte and its end, and waits for the other's
//                                              end; FLIGHT at a time
//   stream_load hold PORT CONNECTIONS FLIGHT   says "held" on standard output once there are so many, and keeps
//                                              them until its standard input ends
//
// With "http TARGET" or "socks TARGET" behind, PORT is a proxy's, and each asks it for a tunnel to that port first.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(int result, const char* what) {
  if (result < 0) die(what);
  return result;
}

sockaddr_in loopback(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  return address;
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

class Queue {
 public:
  void add(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
  void change(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    check(::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event), "epoll_ctl");
  }
  template <class Function>
  void wait(Function&& handle) {
    const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), -1);
    for (int i = 0; i < count; ++i) handle(events_[static_cast<std::size_t>(i)].data.fd);
  }

 private:
  int epoll_ = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  std::array<epoll_event, 256> events_{};
};

int start_connecting(const sockaddr_in& address) {
  const int fd = check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result != 0 && errno != EINPROGRESS) die("connect");
  return fd;
}

std::array<char, 1 << 18> buffer;

void sink(const char* port) {
  const int listener = check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = loopback(port);
  check(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  check(::listen(listener, 65535), "listen");
  Queue queue;
  queue.add(listener, EPOLLIN);
  for (;;) {
    queue.wait([&](int fd) {
      if (fd == listener) {
        const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) queue.add(client, EPOLLIN);
        return;
      }
      const ssize_t bytes = ::recv(fd, buffer.data(), buffer.size(), MSG_TRUNC);
      if (bytes == 0 || (bytes < 0 && errno != EAGAIN)) ::close(fd);
    });
  }
}

// What a connection says and hears before its bytes count: one thing after the other, since not every proxy keeps what
// comes too early.
class Greeting {
 public:
  Greeting() = default;
  Greeting(std::string_view kind, const std::string& target) {
    if (kind == "http") {
      said_.push_back("CONNECT 127.0.0.1:" + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + target + "\r\n\r\n");
      return;
    }
    const auto number = static_cast<unsigned>(std::stoi(target));
    said_.push_back({5, 1, 0});
    said_.push_back({5, 1, 0, 1, 127, 0, 0, 1, static_cast<char>(number >> 8), static_cast<char>(number & 0xff)});
    is_socks_ = true;
  }

  [[nodiscard]] std::size_t steps() const { return said_.size(); }
  void say(int fd, std::size_t step) const {
    if (::send(fd, said_[step].data(), said_[step].size(), MSG_NOSIGNAL) < 0) die("send to the proxy");
  }
  // True once all of the answer is there. The target says nothing by itself.
  [[nodiscard]] bool hear(int fd, std::size_t step, std::string& heard) const {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) die("a proxy's answer");
    heard.append(buffer.data(), static_cast<std::size_t>(got));
    const bool whole = is_socks_ ? heard.size() >= (step == 0 ? 2 : 10) : heard.ends_with("\r\n\r\n");
    if (whole && (is_socks_ ? heard[1] != 0 : heard.find(" 200") == std::string::npos)) {
      std::fputs("the proxy said no\n", stderr);
      std::exit(1);
    }
    return whole;
  }

 private:
  std::vector<std::string> said_;
  bool is_socks_ = false;
};

// Connections, and their greetings.
class Dialer {
 public:
  Dialer(const char* port, Greeting greeting) : address_(loopback(port)), greeting_(std::move(greeting)) {}

  int start(Queue& queue) {
    const int fd = start_connecting(address_);
    queue.add(fd, EPOLLOUT);
    if (greeting_.steps() > 0) greeted_[fd];
    return fd;
  }
  // False: not yet. The first event of a connection that is ready says that it can be written.
  bool is_ready(Queue& queue, int fd) {
    const auto found = greeted_.find(fd);
    if (found == greeted_.end()) return true;
    Greeted& state = found->second;
    if (!state.said) {
      greeting_.say(fd, state.step);
      state.said = true;
      queue.change(fd, EPOLLIN);
    } else if (greeting_.hear(fd, state.step, state.heard)) {
      state = {.step = state.step + 1};
      if (state.step == greeting_.steps()) greeted_.erase(found);
      queue.change(fd, EPOLLOUT);
    }
    return false;
  }

 private:
  struct Greeted {
    std::size_t step = 0;
    bool said = false;
    std::string heard = {};
  };

  sockaddr_in address_;
  Greeting greeting_;
  std::unordered_map<int, Greeted> greeted_;
};

void push(Dialer dialer, int connections, std::size_t bytes) {
  std::unordered_map<int, std::size_t> left;
  Queue queue;
  for (int i = 0; i < connections; ++i) left[dialer.start(queue)] = bytes;
  while (!left.empty()) {
    queue.wait([&](int fd) {
      if (!dialer.is_ready(queue, fd)) return;
      std::size_t& todo = left[fd];
      if (todo == 0) {
        const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got < 0) die("a connection that was pushed through");
        ::close(fd);
        left.erase(fd);
        return;
      }
      const ssize_t sent = ::send(fd, buffer.data(), std::min(todo, buffer.size()), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) return;
      if (sent < 0) die("send");
      todo -= static_cast<std::size_t>(sent);
      if (todo > 0) return;
      ::shutdown(fd, SHUT_WR);
      queue.change(fd, EPOLLIN);
    });
  }
}

void knock(Dialer dialer, int connections, int flight) {
  Queue queue;
  int started = 0;
  int done = 0;
  std::vector<bool> said(static_cast<std::size_t>(flight) + 64);  // by descriptor
  const auto start = [&] {
    if (started == connections) return;
    ++started;
    dialer.start(queue);
  };
  while (started < flight) start();
  while (done < connections) {
    queue.wait([&](int fd) {
      if (!dialer.is_ready(queue, fd)) return;
      if (!said[static_cast<std::size_t>(fd)]) {
        if (::send(fd, "x", 1, MSG_NOSIGNAL) != 1) die("send");
        ::shutdown(fd, SHUT_WR);
        said[static_cast<std::size_t>(fd)] = true;
        queue.change(fd, EPOLLIN);
        return;
      }
      if (::recv(fd, buffer.data(), buffer.size(), 0) > 0) return;
      ::close(fd);
      said[static_cast<std::size_t>(fd)] = false;
      ++done;
      start();
    });
  }
}

void hold(Dialer dialer, int connections, int flight) {
  Queue queue;
  int started = 0;
  int held = 0;
  for (; started < std::min(flight, connections); ++started) dialer.start(queue);
  while (held < connections) {
    queue.wait([&](int fd) {
      if (!dialer.is_ready(queue, fd)) return;
      queue.change(fd, 0);
      ++held;
      if (started < connections) ++started, dialer.start(queue);
    });
  }
  std::puts("held");
  std::fflush(stdout);
  while (::read(STDIN_FILENO, buffer.data(), buffer.size()) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  allow_many_descriptors();
  const std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "sink") sink(argv[2]);
  if (argc != 5 && argc != 7) return 1;
  Dialer dialer(argv[2], argc == 7 ? Greeting(argv[5], argv[6]) : Greeting());
  const int connections = std::atoi(argv[3]);
  if (mode == "push") push(std::move(dialer), connections, std::strtoull(argv[4], nullptr, 10));
  if (mode == "knock") knock(std::move(dialer), connections, std::atoi(argv[4]));
  if (mode == "hold") hold(std::move(dialer), connections, std::atoi(argv[4]));
  return 0;
}
