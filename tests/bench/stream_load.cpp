// SPDX-License-Identifier: MIT
// The other side of the stream benchmarks, all on 127.0.0.1:
//
//   stream_load sink PORT                      reads and forgets, closes each connection at its end; until killed
//   stream_load push PORT CONNECTIONS BYTES    as many at once, each sends BYTES, then waits for the end
//   stream_load knock PORT CONNECTIONS FLIGHT  each sends one byte and its end, and waits for the other's
//                                              end; FLIGHT at a time
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
#include <string_view>
#include <unordered_map>
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

void push(const char* port, int connections, std::size_t bytes) {
  const sockaddr_in address = loopback(port);
  std::unordered_map<int, std::size_t> left;
  Queue queue;
  for (int i = 0; i < connections; ++i) {
    const int fd = start_connecting(address);
    left[fd] = bytes;
    queue.add(fd, EPOLLOUT);
  }
  while (!left.empty()) {
    queue.wait([&](int fd) {
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

void knock(const char* port, int connections, int flight) {
  const sockaddr_in address = loopback(port);
  Queue queue;
  int started = 0;
  int done = 0;
  std::vector<bool> said(static_cast<std::size_t>(flight) + 64);  // by descriptor
  const auto start = [&] {
    if (started == connections) return;
    ++started;
    queue.add(start_connecting(address), EPOLLOUT);
  };
  while (started < flight) start();
  while (done < connections) {
    queue.wait([&](int fd) {
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

}  // namespace

int main(int argc, char** argv) {
  allow_many_descriptors();
  const std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "sink") sink(argv[2]);
  if (mode == "push" && argc == 5) push(argv[2], std::atoi(argv[3]), std::strtoull(argv[4], nullptr, 10));
  if (mode == "knock" && argc == 5) knock(argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  return 0;
}
