// SPDX-License-Identifier: MIT
// What is in a file, when it is little enough to be held.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace tcp {

// From where the descriptor is to the end of the file. More than `most` bytes are not read much further: the result is
// then larger than `most`, and not all. Errors: errno.
[[nodiscard]] std::expected<std::string, int> read_up_to(int fd, std::size_t most);

}  // namespace tcp
