// SPDX-License-Identifier: MIT
// The bytes of a file from front to back in pieces: a regular file, a pipe or standard input, and what gzip made of
// one.
//
// Read into one buffer rather than mapped: a file that shrinks meanwhile then ends, where a mapping would end the
// program, and a buffer that stays in the cache costs no more than the page faults it saves.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "libtcp/base/error.hpp"

namespace tcp::net {

class ByteSource {
 public:
  // "-" is standard input. `stop`, when there is one, ends a wait for a pipe, as an error "interrupted". Errors: the
  // file's; what it is when it is neither a file nor a pipe. Attempt "read PATH".
  [[nodiscard]] static Result<ByteSource> open(const std::string& path, const std::atomic<bool>* stop = nullptr);

  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

  // Gives up the first `consumed` bytes of the last view and returns what follows: at least `needed` bytes, or fewer
  // when the file ends. The view is valid until the next call. Errors: the kernel's; gzip data that is damaged.
  [[nodiscard]] Result<std::span<const std::uint8_t>> view(std::size_t consumed, std::size_t needed);

  // "read PATH"
  [[nodiscard]] const std::string& attempt() const noexcept;

 private:
  struct Impl;
  explicit ByteSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tcp::net
