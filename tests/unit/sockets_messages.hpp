// SPDX-License-Identifier: MIT
// Answers of sock_diag(7) built by hand.
#pragma once

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <vector>

namespace socket_messages {

using Octets = std::vector<std::uint8_t>;

template <class T>
  requires std::is_trivially_copyable_v<T>
Octets octets_of(const T& value) {
  Octets bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline Octets octets_of(std::string_view text) { return {text.begin(), text.end()}; }

inline Octets joined(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Octets attribute(std::uint16_t type, const Octets& value) {
  Octets bytes = joined({octets_of(nlattr{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type}), value});
  bytes.resize((bytes.size() + 3) & ~std::size_t{3});
  return bytes;
}

inline inet_diag_msg established(std::uint64_t cookie, std::uint8_t family = AF_INET) {
  inet_diag_msg diag{};
  diag.idiag_family = family;
  diag.idiag_state = 1;
  diag.id.idiag_sport = htons(443);
  diag.id.idiag_dport = htons(50000);
  diag.id.idiag_src[0] = htonl(0xc0000201);
  diag.id.idiag_dst[0] = htonl(0xc6336407);
  diag.id.idiag_cookie[0] = static_cast<std::uint32_t>(cookie);
  diag.id.idiag_cookie[1] = static_cast<std::uint32_t>(cookie >> 32);
  return diag;
}

// A whole netlink message.
inline Octets netlink(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence, const Octets& payload) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  Octets bytes = joined({octets_of(header), payload});
  bytes.resize((bytes.size() + 3) & ~std::size_t{3});
  return bytes;
}

}  // namespace socket_messages
