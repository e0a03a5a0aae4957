// SPDX-License-Identifier: MIT
// Opens very many connections to one server and says how long it took.
//
//   many_clients hold  PORT COUNT   connects all, then waits for the end of standard input
//   many_clients echo  PORT COUNT   connects all at once; done when each has got its byte back
//   many_clients cycle PORT COUNT   connects, ends, waits for the server's end; 64 at a time
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

constexpr unsigned kPerSource = 5000;  // of 127.0.0.2 and on: no address runs out of ports
constexpr int kAtATime = 64;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7f000000U + host);
  return address;
}

class Clients {
 public:
  Clients(std::string_view mode, std::uint16_t port, int count)
      : holds_(mode == "hold"), echoes_(mode == "echo"), port_(port), count_(count), poll_(epoll_create1(0)) {}

  void run() {
    const int at_once = holds_ || echoes_ ? count_ : kAtATime;
    while (opened_ < std::min(at_once, count_)) open_one();
    std::array<epoll_event, 256> events{};
    while (done_ < count_) {
      const int ready = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 60'000);
      if (ready <= 0) fail("epoll_wait");
      for (int i = 0; i < ready; ++i) advance(events[static_cast<std::size_t>(i)]);
    }
  }

 private:
  void open_one() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) fail("socket");
    const int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const sockaddr_in local = loopback(2 + static_cast<unsigned>(opened_) / kPerSource, 0);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) fail("bind");
    const sockaddr_in remote = loopback(1, port_);
    const int connected = connect(fd, reinterpret_cast<const sockaddr*>(&remote), sizeof remote);
    if (connected != 0 && errno != EINPROGRESS) fail("connect");
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.fd = fd;
    if (epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
    ++opened_;
  }

  void advance(const epoll_event& event) {
    const int fd = event.data.fd;
    if ((event.events & EPOLLOUT) != 0 && (event.events & EPOLLIN) == 0) return on_connected(fd);
    char byte = 0;
    const ssize_t some = recv(fd, &byte, 1, 0);
    if (some < 0 && errno == EAGAIN) return;
    if (some < 0 || (echoes_ && some == 0)) fail("recv");
    ++done_;
    if (echoes_) {
      epoll_ctl(poll_, EPOLL_CTL_DEL, fd, nullptr);
      return;
    }
    close(fd);
    if (opened_ < count_) open_one();
  }

  void on_connected(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      errno = error;
      fail("connect");
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (holds_) {
      ++done_;
      epoll_ctl(poll_, EPOLL_CTL_DEL, fd, nullptr);
      return;
    }
    if (echoes_ && send(fd, "x", 1, MSG_NOSIGNAL) != 1) fail("send");
    if (!echoes_) shutdown(fd, SHUT_WR);
    epoll_ctl(poll_, EPOLL_CTL_MOD, fd, &event);
  }

  bool holds_;
  bool echoes_;
  std::uint16_t port_;
  int count_;
  int poll_;
  int opened_ = 0;
  int done_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  Clients clients(argv[1], static_cast<std::uint16_t>(std::atoi(argv[2])), std::atoi(argv[3]));
  const auto start = std::chrono::steady_clock::now();
  clients.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%.6f\n", took.count());
  std::fflush(stdout);
  char byte = 0;
  return read(STDIN_FILENO, &byte, 1) < 0 ? 1 : 0;
}
