// SPDX-License-Identifier: MIT
// What each client gets from a service of our own that has a conversation with each of them.
#pragma once

#include <string>
#include <variant>

namespace tcp::stream {

// The bytes of a regular file, opened anew for each client, and then the end.
struct ServeFile {
  std::string path;
};

// A few bytes at once; the connection then stays until the client ends it.
struct ServeBanner {
  std::string text;
};

using ServeOptions = std::variant<ServeFile, ServeBanner>;

}  // namespace tcp::stream
