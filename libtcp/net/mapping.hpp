// SPDX-License-Identifier: MIT
// Memory from mmap(2), given back at the end.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "libtcp/base/error.hpp"

namespace tcp::net {

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }

  // Readable and writable. `fd` -1: anonymous memory of our own, otherwise shared with the kernel's rings.
  [[nodiscard]] static Result<Mapping> make(int fd, std::size_t size, std::int64_t offset, const char* attempt) {
    const int flags = (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) | MAP_POPULATE;
    void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, offset);
    if (data == MAP_FAILED) return system_error(attempt);
    Mapping mapping;
    mapping.data_ = static_cast<std::uint8_t*>(data);
    mapping.size_ = size;
    return mapping;
  }

  [[nodiscard]] std::uint8_t* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tcp::net
