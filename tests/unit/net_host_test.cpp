// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "libtcp/net/host.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace tcp::net;

namespace {

// A directory as /proc/sys/net/ipv4, gone at the end.
class Settings {
 public:
  void write(const char* name, const std::string& text) const { std::ofstream(directory_ / name) << text; }
  [[nodiscard]] HostPorts read() const { return read_host_ports(directory_.path().string()); }

 private:
  tcp::test::TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("the settings are read as the kernel writes them") {
  const Settings settings;
  settings.write("ip_local_port_range", "1024\t65535\n");
  settings.write("ip_local_reserved_ports", "8080,9148-9150\n");
  settings.write("ip_unprivileged_port_start", "80\n");
  const HostPorts ports = settings.read();
  CHECK(ports.ephemeral.first == 1024);
  CHECK(ports.ephemeral.last == 65535);
  REQUIRE(ports.reserved.size() == 2);
  CHECK(ports.reserved[0].contains(8080));
  CHECK_FALSE(ports.reserved[0].contains(8081));
  CHECK(ports.reserved[1].contains(9150));
  CHECK(ports.first_unprivileged_port == 80);
}

TEST_CASE("what is missing or nonsense is the kernel's default") {
  const HostPorts missing = read_host_ports("/nonexistent");
  CHECK(missing.ephemeral.first == 32768);
  CHECK(missing.ephemeral.last == 60999);
  CHECK(missing.reserved.empty());
  CHECK(missing.first_unprivileged_port == 1024);
  const Settings settings;
  for (const char* text : {"", "\n", "70000 80000", "5000", "61000 1000", "-1 5", "a b", "1024-2048"}) {
    CAPTURE(text);
    settings.write("ip_local_port_range", text);
    settings.write("ip_unprivileged_port_start", "65536");
    CHECK(settings.read().ephemeral.first == 32768);
    CHECK(settings.read().first_unprivileged_port == 1024);
  }
}

TEST_CASE("of reserved ports the readable ones count") {
  const Settings settings;
  settings.write("ip_local_reserved_ports", ",,1,-,2-,5-4,70000, 9-10 ,x");
  const auto reserved = settings.read().reserved;
  REQUIRE(reserved.size() == 2);
  CHECK(reserved[0].first == 1);
  CHECK(reserved[1].last == 10);
}

TEST_CASE("a list that is longer than one buffer of most readers is read whole") {
  std::string text;
  for (int port = 1; port < 65536; port += 2) text += std::to_string(port) + ",";
  const Settings settings;
  settings.write("ip_local_reserved_ports", text);
  CHECK(settings.read().reserved.size() == 32768);
}
