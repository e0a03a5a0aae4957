// SPDX-License-Identifier: MIT
// Names, rows and random expressions for the tests of filters.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "libtcp/sockets/filter.hpp"

namespace tcp::test {

inline sockets::FilterNames names() {
  sockets::FilterNames names;
  names.addresses = [](const std::string& host) -> Result<std::vector<IpAddress>> {
    if (host == "two.example") return std::vector{IpAddress::v4(0xc0000201), *parse_ip_address("2001:db8::1")};
    if (host == "one.example") return std::vector{IpAddress::v4(0xc0000202)};
    return make_error(Errc::resolve_failed, "resolve " + host, "Name or service not known");
  };
  names.port = [](std::string_view service) -> std::optional<std::uint16_t> {
    if (service == "https") return 443;
    if (service == "ssh") return 22;
    if (service == "x11-1") return 6001;
    return std::nullopt;
  };
  names.user_id = [](const std::string& user) -> std::optional<std::uint32_t> {
    return user == "www-data" ? std::optional<std::uint32_t>(33) : std::nullopt;
  };
  names.interface_index = [](const std::string& name) -> std::optional<std::uint32_t> {
    return name == "eth0" ? std::optional<std::uint32_t>(2) : std::nullopt;
  };
  names.cgroup_id = [](const std::string& path) -> std::optional<std::uint64_t> {
    if (path == "/system.slice/nginx.service") return 77;
    return path == "/a*b" ? std::optional<std::uint64_t>(78) : std::nullopt;
  };
  names.sees_marks = true;
  return names;
}

inline sockets::Filter filter(std::string_view text) {
  auto parsed = sockets::Filter::parse(text, names());
  INFO(text);
  REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message()));
  return *parsed;
}

inline std::string text_of(std::string_view text) { return filter(text).to_string(); }

inline std::string error_of(std::string_view text) {
  const auto parsed = sockets::Filter::parse(text, names());
  INFO(text);
  REQUIRE(!parsed);
  return parsed.error().message();
}

inline Endpoint at(std::string_view address, std::uint16_t port) { return {*parse_ip_address(address), port}; }

// One socket and what is around it; a row refers to it.
struct Subject {
  sockets::SocketInfo socket;
  std::vector<sockets::Process> processes;
  std::vector<sockets::Holder> holders;
  std::string network_namespace;
  std::string cgroup;
  std::optional<sockets::SocketRates> rates;
  std::vector<std::uint8_t> info;

  Subject() {
    socket.state = TcpState::established;
    socket.local = at("192.0.2.10", 50000);
    socket.remote = at("192.0.2.1", 443);
    socket.inode = 4711;
    socket.user_id = 33;
    socket.mark = 0;
    socket.cgroup_id = 77;
  }

  Subject& set(std::string_view field, std::uint64_t value) {
    const sockets::TcpInfoField* row = sockets::find_tcp_info_field(field);
    REQUIRE(row != nullptr);
    info.resize(280);
    std::memcpy(&info[row->offset], &value, row->width);
    socket.tcp_info.assign(info);
    return *this;
  }

  Subject& held_by(sockets::Process process) {
    processes.push_back(std::move(process));
    return *this;
  }

  [[nodiscard]] sockets::SocketRow row() {
    holders.clear();
    for (const sockets::Process& process : processes) holders.push_back({&process, 3});
    return {&socket, holders, network_namespace, cgroup, rates};
  }

  [[nodiscard]] bool is(std::string_view expression) { return filter(expression).matches(row()); }
};

}  // namespace tcp::test
