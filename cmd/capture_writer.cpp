// SPDX-License-Identifier: MIT
#include "cmd/capture_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "libtcp/packet/savefile.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kBuffered = 256 * 1024;
constexpr mode_t kMode = 0600;  // captures hold other people's traffic

}  // namespace

Result<CaptureWriter> CaptureWriter::create(const std::string& path) {
  std::string attempt = "write " + path;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, kMode));
  if (!fd) return system_error(std::move(attempt));
  return CaptureWriter(std::move(fd), std::move(attempt));
}

Result<void> CaptureWriter::write(const packet::SavefileFrame& frame) {
  const std::uint16_t link_type = frame.link_type;
  if (link_type_ < 0) {
    link_type_ = link_type;
    buffer_ += packet::savefile_header(packet::SavefileFormat::pcapng, static_cast<packet::LinkType>(link_type),
                                       "tcpbox handshake-trace");
  }
  if (link_type_ != link_type) {
    return make_error(Errc::unsupported, attempt_, "the frames have several link types, a file can hold one");
  }
  packet::append_savefile_packet(buffer_, packet::SavefileFormat::pcapng, frame.time, frame.bytes,
                                 frame.original_length);
  return buffer_.size() < kBuffered ? Result<void>{} : flush();
}

Result<void> CaptureWriter::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(attempt_);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return {};
}

Result<void> CaptureWriter::finish() {
  // Nothing passed: a file without packets is a capture too.
  if (link_type_ < 0) {
    buffer_ =
        packet::savefile_header(packet::SavefileFormat::pcapng, packet::LinkType::ethernet, "tcpbox handshake-trace");
  }
  return flush();
}

}  // namespace tcp::cmd
