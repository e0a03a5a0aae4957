// SPDX-License-Identifier: MIT
// What each client gets from a service of our own that has a conversation with each of them.
#pragma once

#include <string>
#include <variant>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/http_head.hpp"

namespace tcp::stream {

// The bytes of a regular file, opened anew for each client, and then the end.
struct ServeFile {
  std::string path;
};

// A few bytes at once; the connection then stays until the client ends it.
struct ServeBanner {
  std::string text;
};

// The files beneath a directory, over HTTP/1.1.
struct ServeHttp {
  std::string directory;
  bool lists = false;  // what is in a directory that has no index.html
  HttpLimits limits = {};
  Duration head_timeout = std::chrono::seconds(10);  // from a request's first byte to the end of its head
  Duration idle_timeout = std::chrono::seconds(60);  // between requests, and while a client takes nothing of an answer
};

using ServeOptions = std::variant<ServeFile, ServeBanner, ServeHttp>;

}  // namespace tcp::stream
