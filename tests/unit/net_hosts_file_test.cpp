// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/net/hosts_file.hpp"

using namespace tcp::net;

TEST_CASE("a line of the hosts file names its host and its aliases") {
  for (const char* line :
       {"127.0.0.1 localhost", "::1\tip6-localhost  LocalHost # the same", "  127.0.0.1 a localhost\r"}) {
    CAPTURE(line);
    CHECK(hosts_line_names(line, "localhost"));
    CHECK(hosts_line_names(line, "LOCALHOST"));
  }
  for (const char* line : {"", "localhost", "# 127.0.0.1 localhost", "127.0.0.1 #localhost", "127.0.0.1 localhost2",
                           "localhost 127.0.0.1", "127.0.0 localhost", "127.0.0.1", "127.0.0.1localhost"}) {
    CAPTURE(line);
    CHECK_FALSE(hosts_line_names(line, "localhost"));
  }
  CHECK_FALSE(hosts_line_names("127.0.0.1 localhost", ""));
  CHECK_FALSE(hosts_file_names("localhost", "/nonexistent/hosts"));
}
