// SPDX-License-Identifier: MIT
#include "cmd/small_file.hpp"

#include <fcntl.h>

#include "libtcp/base/read_up_to.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostFileBytes = std::size_t{64} * 1024;

}  // namespace

Result<std::string> read_small_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("open " + path);
  auto text = read_up_to(file.get(), kMostFileBytes);
  if (!text) return system_error("read " + path, text.error());
  if (text->size() > kMostFileBytes) return make_error(Errc::malformed, "read " + path, "is larger than 64 KiB");
  return *std::move(text);
}

Result<std::string> read_first_line(const std::string& path) {
  TCP_TRY_ASSIGN(text, read_small_file(path));
  std::string line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace tcp::cmd
