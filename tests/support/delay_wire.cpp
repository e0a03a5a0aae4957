// SPDX-License-Identifier: MIT
// A wire for the tests: moves Ethernet frames between two network namespaces, each frame late by the same delay and,
// when told so, lost by chance.
//
//   delay_wire LEFT_NAMESPACE LEFT_INTERFACE RIGHT_NAMESPACE RIGHT_INTERFACE DELAY_US LOSS_PERMILLE
//
// Prints "ready" when both interfaces exist, and relays until it is killed.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLargestFrame = 65536;
constexpr std::size_t kLongestQueue = 65536;

struct LateFrame {
  Clock::time_point due;
  std::vector<char> bytes;
};

// One direction: what was read here is written there once it is due.
struct Direction {
  int from;
  int to;
  std::deque<LateFrame> queue;
};

void fail(const std::string& what) {
  std::perror(("delay_wire: " + what).c_str());
  std::exit(1);
}

int open_interface(const char* network_namespace, const char* name) {
  const int descriptor = open(network_namespace, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || setns(descriptor, CLONE_NEWNET) != 0) fail(network_namespace);
  close(descriptor);
  const int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (tap < 0) fail("/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(tap, TUNSETIFF, &request) != 0) fail(name);
  return tap;
}

// `lost` decides about one frame.
template <class Lost>
void take_frames(Direction& direction, Clock::duration delay, Lost&& lost) {
  static std::array<char, kLargestFrame> buffer;
  while (true) {
    const ssize_t size = read(direction.from, buffer.data(), buffer.size());
    if (size <= 0) return;  // EAGAIN; an interface that is still down reads as EIO
    if (lost() || direction.queue.size() >= kLongestQueue) continue;
    direction.queue.push_back({Clock::now() + delay, {buffer.begin(), buffer.begin() + size}});
  }
}

void give_frames(Direction& direction) {
  const auto now = Clock::now();
  while (!direction.queue.empty() && direction.queue.front().due <= now) {
    const std::vector<char>& bytes = direction.queue.front().bytes;
    if (write(direction.to, bytes.data(), bytes.size()) < 0) {
      // The far interface is down: a frame lost, as on any wire.
    }
    direction.queue.pop_front();
  }
}

// Sleeps until there is something to read or a frame is due.
void wait(std::array<Direction, 2>& directions) {
  std::array<pollfd, 2> polled{};
  auto due = Clock::time_point::max();
  for (std::size_t i = 0; i < directions.size(); ++i) {
    polled[i] = {directions[i].from, POLLIN, 0};
    if (!directions[i].queue.empty()) due = std::min(due, directions[i].queue.front().due);
  }
  timespec timeout{};
  if (due != Clock::time_point::max()) {
    const auto left = std::max(Clock::duration::zero(), due - Clock::now());
    timeout = {left / std::chrono::seconds(1), (left % std::chrono::seconds(1)).count()};
  }
  ppoll(polled.data(), polled.size(), due == Clock::time_point::max() ? nullptr : &timeout, nullptr);
}

// Late by the delay and not by what else the machine does; without the privilege it is only less exact.
void ask_for_punctuality() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_TIMERSLACK, 1UL);
  const sched_param priority{1};
  sched_setscheduler(0, SCHED_FIFO, &priority);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const int left = open_interface(argv[1], argv[2]);
  const int right = open_interface(argv[3], argv[4]);
  const Clock::duration delay = std::chrono::microseconds(std::atol(argv[5]));
  const int loss_permille = std::atoi(argv[6]);
  ask_for_punctuality();
  std::minstd_rand random(1);  // the same losses in every run
  const auto lost = [&] { return static_cast<int>(random() % 1000) < loss_permille; };
  std::puts("ready");
  std::fflush(stdout);
  std::array<Direction, 2> directions{Direction{left, right, {}}, Direction{right, left, {}}};
  while (true) {
    wait(directions);
    for (Direction& direction : directions) {
      take_frames(direction, delay, lost);
      give_frames(direction);
    }
  }
}
