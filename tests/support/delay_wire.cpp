// SPDX-License-Identifier: MIT
// A wire for the tests: moves Ethernet frames between two network namespaces, each frame late by the same delay and,
// when told so, a little later by chance, lost, doubled, overtaken by others, or queued before a bottleneck.
//
//   delay_wire LEFT_NAMESPACE LEFT_INTERFACE RIGHT_NAMESPACE RIGHT_INTERFACE [NAME=NUMBER]...
//
// delay_us, jitter_us (0 to this much, frames keep their order), loss_permille, duplicate_permille, reorder_permille
// (these frames come 2 ms later than they would), packets_per_second and queue_frames (a bottleneck each way and what
// waits before it at most; what finds no room is lost), seed.
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
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr std::size_t kLargestFrame = 65536;
constexpr std::size_t kLongestQueue = 262144;
constexpr int kFramesATurn = 256;  // so that a busy direction does not keep the other one waiting
constexpr microseconds kOvertaken{2000};

struct Conditions {
  Clock::duration delay{};
  long jitter_us = 0;
  long loss_permille = 0;
  long duplicate_permille = 0;
  long reorder_permille = 0;
  Clock::duration gap{};  // between two frames that pass the bottleneck; zero without one
  long queue_frames = 0;
};

struct LateFrame {
  Clock::time_point due;
  std::uint64_t number;  // frames that are due together keep their order
  std::vector<char> bytes;
  friend bool operator<(const LateFrame& a, const LateFrame& b) {
    return a.due != b.due ? a.due > b.due : a.number > b.number;
  }
};

// One direction: what was read here is written there once it is due.
struct Direction {
  int from;
  int to;
  std::priority_queue<LateFrame> queue;
  Clock::time_point last_due;
  Clock::time_point bottleneck_free;
  std::uint64_t frames = 0;
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

class Wire {
 public:
  Wire(int left, int right, const Conditions& conditions, unsigned seed)
      : conditions_(conditions),
        random_(seed),
        directions_{Direction{left, right, {}, {}, {}}, Direction{right, left, {}, {}, {}}} {}

  [[noreturn]] void relay() {
    while (true) {
      wait();
      for (Direction& direction : directions_) {
        take_frames(direction);
        give_frames(direction);
      }
    }
  }

 private:
  bool chance(long permille) { return permille > 0 && static_cast<long>(random_() % 1000) < permille; }

  void take_frames(Direction& direction) {
    static std::array<char, kLargestFrame> buffer;
    for (int i = 0; i < kFramesATurn; ++i) {
      const ssize_t size = read(direction.from, buffer.data(), buffer.size());
      if (size <= 0) return;  // EAGAIN; an interface that is still down reads as EIO
      if (chance(conditions_.loss_permille)) continue;
      const auto now = Clock::now();
      if (!passes_bottleneck(direction, now)) continue;
      const auto due = due_time(direction, now);
      const std::vector<char> bytes(buffer.begin(), buffer.begin() + size);
      if (chance(conditions_.duplicate_permille)) put(direction, due, bytes);
      put(direction, chance(conditions_.reorder_permille) ? due + kOvertaken : due, bytes);
    }
  }

  // Takes a place in the queue before the bottleneck; false when there is none.
  bool passes_bottleneck(Direction& direction, Clock::time_point now) const {
    if (conditions_.gap == Clock::duration::zero()) return true;
    const auto start = std::max(direction.bottleneck_free, now);
    if ((start - now) / conditions_.gap >= conditions_.queue_frames) return false;
    direction.bottleneck_free = start + conditions_.gap;
    return true;
  }

  Clock::time_point due_time(Direction& direction, Clock::time_point now) {
    auto due = std::max(now, direction.bottleneck_free) + conditions_.delay;
    if (conditions_.jitter_us > 0) {
      due += microseconds(static_cast<long>(random_() % static_cast<unsigned long>(conditions_.jitter_us)));
      due = std::max(due, direction.last_due);
    }
    direction.last_due = due;
    return due;
  }

  static void put(Direction& direction, Clock::time_point due, const std::vector<char>& bytes) {
    if (direction.queue.size() < kLongestQueue) direction.queue.push({due, direction.frames++, bytes});
  }

  static void give_frames(Direction& direction) {
    const auto now = Clock::now();
    while (!direction.queue.empty() && direction.queue.top().due <= now) {
      const std::vector<char>& bytes = direction.queue.top().bytes;
      if (write(direction.to, bytes.data(), bytes.size()) < 0) {
        // The far interface is down: a frame lost, as on any wire.
      }
      direction.queue.pop();
    }
  }

  // Sleeps until there is something to read or a frame is due.
  void wait() {
    std::array<pollfd, 2> polled{};
    auto due = Clock::time_point::max();
    for (std::size_t i = 0; i < directions_.size(); ++i) {
      polled[i] = {directions_[i].from, POLLIN, 0};
      if (!directions_[i].queue.empty()) due = std::min(due, directions_[i].queue.top().due);
    }
    timespec timeout{};
    if (due != Clock::time_point::max()) {
      const auto left = std::max(Clock::duration::zero(), due - Clock::now());
      timeout = {left / std::chrono::seconds(1), (left % std::chrono::seconds(1)).count()};
    }
    ppoll(polled.data(), polled.size(), due == Clock::time_point::max() ? nullptr : &timeout, nullptr);
  }

  Conditions conditions_;
  std::minstd_rand random_;
  std::array<Direction, 2> directions_;
};

// Late by the delay and not by what else the machine does; without the privilege it is only less exact.
void ask_for_punctuality() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_TIMERSLACK, 1UL);
  const sched_param priority{1};
  sched_setscheduler(0, SCHED_FIFO, &priority);
}

std::map<std::string, long> parse_numbers(int argc, char** argv) {
  std::map<std::string, long> numbers{
      {"delay_us", 0},         {"jitter_us", 0},          {"loss_permille", 0},   {"duplicate_permille", 0},
      {"reorder_permille", 0}, {"packets_per_second", 0}, {"queue_frames", 1000}, {"seed", 1}};
  for (int i = 5; i < argc; ++i) {
    const std::string word = argv[i];
    const auto known = numbers.find(word.substr(0, word.find('=')));
    if (known == numbers.end() || word.find('=') == std::string::npos) {
      std::fprintf(stderr, "delay_wire: '%s': not one of its settings\n", argv[i]);
      std::exit(2);
    }
    known->second = std::atol(word.c_str() + word.find('=') + 1);
  }
  return numbers;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  auto numbers = parse_numbers(argc, argv);
  Conditions conditions;
  conditions.delay = microseconds(numbers["delay_us"]);
  conditions.jitter_us = numbers["jitter_us"];
  conditions.loss_permille = numbers["loss_permille"];
  conditions.duplicate_permille = numbers["duplicate_permille"];
  conditions.reorder_permille = numbers["reorder_permille"];
  conditions.queue_frames = numbers["queue_frames"];
  if (const long rate = numbers["packets_per_second"]; rate > 0)
    conditions.gap = std::chrono::nanoseconds(1'000'000'000 / rate);
  const int left = open_interface(argv[1], argv[2]);
  const int right = open_interface(argv[3], argv[4]);
  ask_for_punctuality();
  Wire wire(left, right, conditions, static_cast<unsigned>(numbers["seed"]));  // the same chances in every run
  std::puts("ready");
  std::fflush(stdout);
  wire.relay();
}
