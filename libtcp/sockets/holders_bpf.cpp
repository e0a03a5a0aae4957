// SPDX-License-Identifier: MIT
#include "libtcp/sockets/holders_bpf.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "libtcp/net/bpf_iterator.hpp"
#include "libtcp/net/capabilities.hpp"

namespace tcp::sockets {
namespace {

constexpr const char* kKernelTypes = "/sys/kernel/btf/vmlinux";
constexpr const char* kLicense = "Dual MIT/GPL";  // a word of the kernel's; bpf_seq_write() asks for one of its
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFC;  // PROC_PID_INIT_INO of the kernel, the same for ever
constexpr std::size_t kBufferSize = std::size_t{32} << 10U;  // what the kernel hands out at most

bool permitted() {
  using net::Capability;
  if (net::has(Capability::sys_admin)) return true;
  return net::has(Capability::bpf) && net::has(Capability::perfmon);
}

// Puts the records together with their processes.
class Receiver {
 public:
  Receiver(InodeSet* wanted, HolderCollector& found) : wanted_(wanted), found_(found) {}

  [[nodiscard]] bool has_all() const { return wanted_ != nullptr && wanted_->all_met(); }
  // Returns how much of it was whole records.
  std::size_t take(std::span<const char> bytes) {
    std::size_t at = 0;
    for (; bytes.size() - at >= sizeof(TaskFileRecord); at += sizeof(TaskFileRecord)) {
      TaskFileRecord record;
      std::memcpy(&record, bytes.data() + at, sizeof record);
      if (wanted_ == nullptr || wanted_->meet(record.inode))
        found_.add(record.inode, process_of(record), static_cast<int>(record.descriptor));
    }
    return at;
  }

 private:
  // Descriptors of a process come in a row, but for threads with descriptors of their own.
  std::size_t process_of(const TaskFileRecord& record) {
    if (record.pid == last_pid_) return last_;
    last_pid_ = record.pid;
    const auto [place, is_new] = known_.try_emplace(record.pid, found_.processes().size());
    if (is_new) {
      Process process;
      process.pid = record.pid;
      process.user_id = record.user_id;
      process.name.assign(record.name, ::strnlen(record.name, sizeof record.name));
      (void)found_.add_process(std::move(process));
    }
    return last_ = place->second;
  }

  InodeSet* wanted_;
  HolderCollector& found_;
  std::unordered_map<pid_t, std::size_t> known_;
  pid_t last_pid_ = 0;
  std::size_t last_ = 0;
};

Result<void> read_all(int iterator, Receiver& receiver) {
  std::vector<char> buffer(kBufferSize);
  std::size_t filled = 0;
  while (true) {
    const ssize_t got = ::read(iterator, buffer.data() + filled, buffer.size() - filled);
    if (got == 0) return {};
    // EAGAIN: very many files in a row were no sockets; the kernel draws breath.
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return system_error("read a BPF iterator");
    filled += static_cast<std::size_t>(got);
    const std::size_t taken = receiver.take({buffer.data(), filled});
    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(taken), buffer.begin() + static_cast<std::ptrdiff_t>(filled),
              buffer.begin());
    filled -= taken;
    if (receiver.has_all()) return {};
  }
}

}  // namespace

std::optional<std::string> obstacle_to_bpf(const HolderOptions& options) {
  if (std::string_view(options.proc) != "/proc") return "not for " + std::string(options.proc);
  if (!permitted()) return "needs CAP_BPF and CAP_PERFMON";
  struct stat status{};
  if (::stat("/proc/self/ns/pid", &status) != 0 || status.st_ino != kFirstPidNamespace)
    return "not in the first PID namespace";
  return std::nullopt;
}

Result<void> find_holders_by_bpf(InodeSet* wanted, HolderCollector& found) {
  TCP_TRY_ASSIGN(types, net::KernelTypeBytes::read(kKernelTypes));
  TCP_TRY_ASSIGN(program, make_task_file_program(types.bytes()));
  TCP_TRY_ASSIGN(iterator, net::open_bpf_iterator(program.instructions, program.target, kLicense));
  Receiver receiver(wanted, found);
  return read_all(iterator.get(), receiver);
}

}  // namespace tcp::sockets
