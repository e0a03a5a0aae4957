// SPDX-License-Identifier: MIT
#include "libtcp/stream/spawn.hpp"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "libtcp/stream/descriptor_limit.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kStackBytes = std::size_t{64} * 1024;
constexpr unsigned kFirstOther = 3;  // descriptors 0 to 2 are the standard ones
constexpr rlim_t kMostDescriptors = 1 << 16;
constexpr int kNotRun = 127;

// What the child needs; it shares our memory until execve(2).
struct Launch {
  const char* path = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  std::array<int, 3> descriptors{};
  bool has_terminal = false;
  pid_t parent = -1;
  int error_number = 0;  // of what failed in the child
};

void close_others() {
  if (::syscall(SYS_close_range, kFirstOther, ~0U, 0) == 0) return;
  rlimit limit{};  // Linux before 5.9
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int end = static_cast<int>(std::min(limit.rlim_cur, kMostDescriptors));
  for (int fd = kFirstOther; fd < end; ++fd) ::close(fd);
}

void reset_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
}

// Only async-signal-safe calls. It returns where it fails: an exit would run what is ours.
int run_child(void* memory) {
  Launch& launch = *static_cast<Launch*>(memory);
  reset_signals();
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  restore_descriptor_limit();
  if (::getppid() != launch.parent) return kNotRun;  // it ended before it could have told us
  for (int target = 0; target < 3; ++target) {
    if (::dup2(launch.descriptors[static_cast<std::size_t>(target)], target) < 0) {
      launch.error_number = errno;
      return kNotRun;
    }
  }
  if (launch.has_terminal && ::ioctl(0, TIOCSCTTY, 0) != 0) {
    launch.error_number = errno;
    return kNotRun;
  }
  close_others();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(launch.path, launch.arguments, launch.environment);
  launch.error_number = errno;
  return kNotRun;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));  // execve(2) does not write
  list.push_back(nullptr);
  return list;
}

// Our handlers must not run in a child that shares our memory.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  const std::string attempt = "run " + request.arguments.front();
  const std::vector<char*> arguments = pointers(request.arguments);
  const std::vector<char*> environment = pointers(request.environment);
  std::vector<std::byte> stack(kStackBytes);
  Launch launch;
  launch.path = request.path.c_str();
  launch.arguments = arguments.data();
  launch.environment = environment.data();
  launch.descriptors = {request.input, request.output, request.error};
  launch.has_terminal = request.has_terminal;
  launch.parent = ::getpid();
  int pidfd = -1;
  pid_t pid = -1;
  {
    const BlockedSignals blocked;
    // CLONE_VFORK: we go on when it runs the program or has failed.
    pid = ::clone(run_child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &launch,
                  &pidfd);
  }
  if (pid < 0) return system_error(attempt);
  UniqueFd owned(pidfd);
  if (launch.error_number != 0) {
    reap(pid);
    return system_error(attempt, launch.error_number);
  }
  return Spawned{pid, std::move(owned)};
}

}  // namespace tcp::stream
