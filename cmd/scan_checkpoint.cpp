// SPDX-License-Identifier: MIT
#include "cmd/scan_checkpoint.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <span>

#include "libtcp/base/read_up_to.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;

Result<void> write_all(int fd, std::span<const std::uint8_t> bytes, const std::string& attempt) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(attempt);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace

Result<scan::Checkpoint> read_checkpoint(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error("read " + path);
  const auto bytes = read_up_to(fd.get(), kMostBytes);
  if (!bytes) return system_error("read " + path, bytes.error());
  if (bytes->size() > kMostBytes) return make_error(Errc::malformed, path, "too large for a checkpoint");
  auto checkpoint =
      scan::parse_checkpoint(std::span(reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()));
  if (!checkpoint) checkpoint.error().attempt = path;
  return checkpoint;
}

Result<void> write_checkpoint(const std::string& path, const scan::Checkpoint& checkpoint) {
  const std::string attempt = "write " + path;
  std::string temporary = path + ".XXXXXX";
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return system_error(attempt);
  Result<void> written = write_all(fd.get(), scan::serialize(checkpoint), attempt);
  if (written && ::fsync(fd.get()) != 0) written = system_error(attempt);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = system_error(attempt);
  if (!written) (void)::unlink(temporary.c_str());
  return written;
}

void CheckpointFile::write(const scan::Checkpoint& checkpoint) {
  if (path_.empty() || error_) return;
  if (auto written = write_checkpoint(path_, checkpoint); !written) error_ = std::move(written).error();
}

}  // namespace tcp::cmd
