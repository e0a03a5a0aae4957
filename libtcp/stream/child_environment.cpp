// SPDX-License-Identifier: MIT
#include "libtcp/stream/child_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace tcp::stream {
namespace {

constexpr std::array<std::string_view, 3> kPrefixes{"TCPBOX_", "NCAT_", "SOCAT_"};
constexpr std::array<std::string_view, 8> kNames{"PROTO",       "TCPLOCALIP",    "TCPLOCALPORT",  "TCPLOCALHOST",
                                                 "TCPREMOTEIP", "TCPREMOTEPORT", "TCPREMOTEHOST", "UNIXLOCALPATH"};

bool speaks_of_a_connection(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); }) ||
         std::ranges::find(kNames, name) != kNames.end();
}

// As socat writes it: IPv6 in brackets and in full.
std::string in_full(const IpAddress& address) {
  if (address.is_v4()) return to_string(address);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "[";
  std::size_t count = 0;
  for (const std::uint8_t byte : address.bytes()) {
    if (count != 0 && count % 2 == 0) text += ':';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
    ++count;
  }
  return text + "]";
}

class Variables {
 public:
  explicit Variables(std::vector<std::string> list) : list_(std::move(list)) {}
  void add(std::string_view name, const std::string& value) { list_.push_back(std::string(name) + "=" + value); }
  [[nodiscard]] std::vector<std::string> take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

void add_tcp(Variables& variables, const Endpoint& local, const Endpoint& remote) {
  const std::string local_ip = to_string(local.address);
  const std::string local_port = std::to_string(local.port);
  const std::string remote_ip = to_string(remote.address);
  const std::string remote_port = std::to_string(remote.port);
  variables.add("TCPBOX_PROTOCOL", "TCP");
  variables.add("TCPBOX_LOCAL_ADDRESS", local_ip);
  variables.add("TCPBOX_LOCAL_PORT", local_port);
  variables.add("TCPBOX_REMOTE_ADDRESS", remote_ip);
  variables.add("TCPBOX_REMOTE_PORT", remote_port);
  variables.add("NCAT_PROTO", "TCP");
  variables.add("NCAT_LOCAL_ADDR", local_ip);
  variables.add("NCAT_LOCAL_PORT", local_port);
  variables.add("NCAT_REMOTE_ADDR", remote_ip);
  variables.add("NCAT_REMOTE_PORT", remote_port);
  variables.add("SOCAT_SOCKADDR", in_full(local.address));
  variables.add("SOCAT_SOCKPORT", local_port);
  variables.add("SOCAT_PEERADDR", in_full(remote.address));
  variables.add("SOCAT_PEERPORT", remote_port);
  variables.add("PROTO", "TCP");
  variables.add("TCPLOCALIP", local_ip);
  variables.add("TCPLOCALPORT", local_port);
  variables.add("TCPREMOTEIP", remote_ip);
  variables.add("TCPREMOTEPORT", remote_port);
}

std::string path_of(const Address& address) {
  const auto* name = std::get_if<UnixName>(&address);
  return name != nullptr ? name->path : std::string();
}

// There are no ports; a client mostly has no name either.
void add_unix(Variables& variables, const AddressPair& addresses) {
  const std::string local = path_of(addresses.local);
  const std::string remote = path_of(addresses.remote);
  variables.add("TCPBOX_PROTOCOL", "UNIX");
  variables.add("TCPBOX_LOCAL_ADDRESS", to_string(addresses.local));
  variables.add("TCPBOX_REMOTE_ADDRESS", to_string(addresses.remote));
  variables.add("NCAT_LOCAL_ADDR", local);
  variables.add("NCAT_REMOTE_ADDR", remote);
  variables.add("SOCAT_SOCKADDR", local);
  variables.add("SOCAT_PEERADDR", remote);
  variables.add("PROTO", "UNIX");
  variables.add("UNIXLOCALPATH", local);
}

void add_proxy(Variables& variables, const Address& proxy) {
  const auto* endpoint = std::get_if<Endpoint>(&proxy);
  variables.add("TCPBOX_PROXY_ADDRESS", endpoint != nullptr ? to_string(endpoint->address) : to_string(proxy));
  if (endpoint != nullptr) variables.add("TCPBOX_PROXY_PORT", std::to_string(endpoint->port));
}

}  // namespace

std::vector<std::string> make_child_environment(std::span<const std::string> inherited, const AddressPair& addresses,
                                                std::uint64_t id) {
  std::vector<std::string> kept;
  for (const std::string& variable : inherited) {
    if (!speaks_of_a_connection(variable)) kept.push_back(variable);
  }
  Variables variables(std::move(kept));
  variables.add("TCPBOX_CONNECTION", std::to_string(id));
  const auto* local = std::get_if<Endpoint>(&addresses.local);
  const auto* remote = std::get_if<Endpoint>(&addresses.remote);
  if (local != nullptr && remote != nullptr) {
    add_tcp(variables, *local, *remote);
  } else {
    add_unix(variables, addresses);
  }
  if (addresses.via) add_proxy(variables, *addresses.via);
  return variables.take();
}

std::vector<std::string> own_environment() {
  std::vector<std::string> list;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    list.emplace_back(*variable);
  }
  return list;
}

}  // namespace tcp::stream
