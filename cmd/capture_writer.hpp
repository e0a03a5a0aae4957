// SPDX-License-Identifier: MIT
// Writes frames to a capture file as they come: pcapng with nanoseconds, one link type.
#pragma once

#include <cstdint>
#include <string>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/packet/savefile_reader.hpp"

namespace tcp::cmd {

class CaptureWriter {
 public:
  // Creates the file; one that is there is overwritten. Errors: the kernel's, attempt "write PATH".
  [[nodiscard]] static Result<CaptureWriter> create(const std::string& path);

  // Errors: the kernel's; a link type other than the first frame's, of which a file has but one.
  [[nodiscard]] Result<void> write(const packet::SavefileFrame& frame);
  // To be called last: what is still buffered is written.
  [[nodiscard]] Result<void> finish();

 private:
  CaptureWriter(UniqueFd fd, std::string attempt) : fd_(std::move(fd)), attempt_(std::move(attempt)) {}
  [[nodiscard]] Result<void> flush();

  UniqueFd fd_;
  std::string attempt_;
  std::string buffer_;
  int link_type_ = -1;
};

}  // namespace tcp::cmd
