// SPDX-License-Identifier: MIT
#include "libtcp/net/bpf_iterator.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <utility>

namespace tcp::net {
namespace {

constexpr std::size_t kLargestTypes = std::size_t{256} << 20U;  // some megabytes are usual

int bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

std::uint64_t address_of(const void* pointer) { return std::bit_cast<std::uintptr_t>(pointer); }

Result<UniqueFd> load(std::span<const bpf_insn> program, std::uint32_t target, const char* license) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_TRACING;
  attributes.expected_attach_type = BPF_TRACE_ITER;
  attributes.insns = address_of(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = address_of(license);
  attributes.attach_btf_id = target;
  UniqueFd fd(bpf(BPF_PROG_LOAD, attributes));
  if (!fd) return system_error("load a BPF program");
  return fd;
}

Result<UniqueFd> attach(int program) {
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program);
  attributes.link_create.attach_type = BPF_TRACE_ITER;
  UniqueFd fd(bpf(BPF_LINK_CREATE, attributes));
  if (!fd) return system_error("attach a BPF program");
  return fd;
}

// What cannot be mapped (sysfs before Linux 6.16) is copied.
Result<void> copy(int fd, std::uint8_t* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, to + done, size - done, static_cast<off_t>(done));
    if (got < 0) return system_error("read the types of the kernel");
    if (got == 0) return make_error(Errc::malformed, "read the types of the kernel", "shorter than it says");
    done += static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

Result<KernelTypeBytes> KernelTypeBytes::read(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return system_error(std::string("read ") + path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0 || size > kLargestTypes) return make_error(Errc::unsupported, std::string("read ") + path, "its size");
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
  const bool mapped = data != MAP_FAILED;
  if (!mapped) data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return system_error("allocate memory");
  auto* bytes = static_cast<std::uint8_t*>(data);
  KernelTypeBytes result{std::span<const std::uint8_t>(bytes, size)};
  if (!mapped) TCP_TRY(copy(fd.get(), bytes, size));
  return result;
}

KernelTypeBytes::KernelTypeBytes(KernelTypeBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

KernelTypeBytes::~KernelTypeBytes() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap writes nothing
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

Result<UniqueFd> open_bpf_iterator(std::span<const bpf_insn> program, std::uint32_t target, const char* license) {
  TCP_TRY_ASSIGN(loaded, load(program, target, license));
  TCP_TRY_ASSIGN(link, attach(loaded.get()));
  bpf_attr attributes{};
  attributes.iter_create.link_fd = static_cast<std::uint32_t>(link.get());
  UniqueFd fd(bpf(BPF_ITER_CREATE, attributes));
  if (!fd) return system_error("open a BPF iterator");
  return fd;
}

}  // namespace tcp::net
