// SPDX-License-Identifier: MIT
#include "libtcp/sockets/holders_proc.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include "libtcp/base/parse.hpp"

namespace tcp::sockets {
namespace {

// Few processes have more, and those cost as much as hundreds of others.
constexpr std::int64_t kManyDescriptors = 4096;

// "PID/what", on the stack.
class ProcessPath {
 public:
  ProcessPath(pid_t pid, std::string_view what) {
    char* end = std::to_chars(text_.data(), text_.data() + 16, pid).ptr;
    *end++ = '/';
    *std::copy_n(what.begin(), std::min(what.size(), text_.size() - 18), end) = '\0';
  }
  [[nodiscard]] const char* get() const { return text_.data(); }

 private:
  std::array<char, 40> text_{};
};

// "socket:[12345]" is what the kernel writes. sock_diag(7) tells the low 32 bits of the number.
std::optional<std::uint32_t> socket_inode(std::string_view link) {
  constexpr std::string_view kPrefix = "socket:[";
  if (!link.starts_with(kPrefix) || !link.ends_with(']')) return std::nullopt;
  const auto inode = parse_unsigned<std::uint64_t>(link.substr(kPrefix.size(), link.size() - kPrefix.size() - 1));
  return inode ? std::optional(static_cast<std::uint32_t>(*inode)) : std::nullopt;
}

template <std::size_t N>
std::string_view read_file(int at, const char* path, std::array<char, N>& buffer) {
  const UniqueFd fd(::openat(at, path, O_RDONLY | O_CLOEXEC));
  const ssize_t length = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : 0;
  return {buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

// "Uid:\treal\teffective\t…" of /proc/PID/status. The owner of /proc/PID is root for a process that may not be dumped.
std::optional<std::uint32_t> effective_user(std::string_view status) {
  constexpr std::string_view kKey = "\nUid:\t";
  const std::size_t key = status.find(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  status.remove_prefix(key + kKey.size());
  status.remove_prefix(std::min(status.find('\t'), status.size()));
  if (!status.empty()) status.remove_prefix(1);
  return parse_unsigned<std::uint32_t>(status.substr(0, status.find('\t')));
}

std::uint32_t read_user(int proc, pid_t pid) {
  std::array<char, 1024> buffer{};
  if (const auto user = effective_user(read_file(proc, ProcessPath(pid, "status").get(), buffer))) return *user;
  struct stat status{};
  return ::fstatat(proc, ProcessPath(pid, ".").get(), &status, 0) == 0 ? status.st_uid : 0;
}

}  // namespace

Process read_process(int proc, pid_t pid) {
  Process process;
  process.pid = pid;
  process.user_id = read_user(proc, pid);
  std::array<char, 64> buffer{};
  const std::string_view name = read_file(proc, ProcessPath(pid, "comm").get(), buffer);
  // The kernel ends it with a line feed, and may have others within: the process chooses its name.
  process.name = name.ends_with('\n') ? name.substr(0, name.size() - 1) : name;
  return process;
}

ProcWalk::ProcWalk(const HolderOptions& options, InodeSet* wanted, HolderCollector& found)
    : options_(options), wanted_(wanted), found_(found), proc_(open_directory(AT_FDCWD, options.proc)) {
  processes_.open(open_directory(proc_.get(), "."));
}

bool ProcWalk::run(std::size_t most_descriptors) {
  while (!done()) {
    const char* descriptor = descriptors_.next();
    if (descriptor == nullptr) {
      if (!open_next_process()) return true;
      continue;
    }
    if (*descriptor == '.') continue;
    look_at(descriptor);
    if (--most_descriptors == 0) return done();
  }
  return true;
}

bool ProcWalk::open_next_process() {
  while (const char* name = processes_.next()) {
    if (*name < '0' || *name > '9') continue;
    const auto pid = parse_unsigned<std::uint32_t>(name);
    if (pid && std::in_range<pid_t>(*pid) && open_process(static_cast<pid_t>(*pid), wanted_ != nullptr)) return true;
  }
  while (next_deferred_ < deferred_.size()) {
    if (open_process(deferred_[next_deferred_++], false)) return true;
  }
  return false;
}

bool ProcWalk::open_process(pid_t pid, bool may_defer) {
  UniqueFd directory = open_directory(proc_.get(), ProcessPath(pid, "fd").get());
  if (!directory) {
    count_failure(errno);
    return false;
  }
  struct stat status{};  // its size is the number of descriptors since Linux 6.2, and 0 before
  if (may_defer && ::fstat(directory.get(), &status) == 0 && status.st_size > kManyDescriptors) {
    deferred_.push_back(pid);
    return false;
  }
  ++counts_.processes;
  pid_ = pid;
  process_.reset();
  descriptors_.open(std::move(directory));
  return true;
}

void ProcWalk::count_failure(int error_number) {
  const bool gone = error_number == ENOENT || error_number == ESRCH;
  ++(gone ? counts_.vanished : counts_.forbidden);
}

void ProcWalk::look_at(const char* descriptor) {
  std::array<char, 64> link;  // not filled: this is done for every descriptor of the system
  const ssize_t length = ::readlinkat(descriptors_.fd(), descriptor, link.data(), link.size());
  if (length < 0 && (errno == EACCES || errno == EPERM)) give_up();
  if (length <= 0) return;
  const auto inode = socket_inode({link.data(), static_cast<std::size_t>(length)});
  if (!inode || (wanted_ != nullptr && !wanted_->meet(*inode))) return;
  if (const auto number = parse_unsigned<std::uint32_t>(descriptor)) add(*inode, static_cast<int>(*number));
}

// A process of the same user that may not be traced lists its descriptors but does not show them. One that has ended
// is answered in the same way.
void ProcWalk::give_up() {
  struct stat status{};
  count_failure(::fstatat(proc_.get(), ProcessPath(pid_, "fd").get(), &status, 0) == 0 ? EACCES : errno);
  --counts_.processes;
  descriptors_.close();
}

void ProcWalk::add(std::uint32_t inode, int descriptor) {
  if (!process_) process_ = found_.add_process(read_process(proc_.get(), pid_));
  found_.add(inode, *process_, descriptor);
}

}  // namespace tcp::sockets
