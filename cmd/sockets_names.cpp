// SPDX-License-Identifier: MIT
#include "cmd/sockets_names.hpp"

#include <net/if.h>
#include <pwd.h>

#include <vector>

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostNames = 4096;  // a host has no more users and interfaces; a hostile one forgets

std::string user_name(std::uint32_t user_id) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwuid_r(user_id, &entry, buffer.data(), buffer.size(), &found);
  return error == 0 && found != nullptr ? entry.pw_name : std::to_string(user_id);
}

std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE];
  return ::if_indextoname(index, name) != nullptr ? name : std::to_string(index);
}

template <class Find>
const std::string& known(std::map<std::uint32_t, std::string>& names, std::uint32_t number, Find find) {
  const auto place = names.find(number);
  if (place != names.end()) return place->second;
  if (names.size() >= kMostNames) names.clear();
  return names.emplace(number, find(number)).first->second;
}

std::string number_text(std::uint32_t number) { return std::to_string(number); }

}  // namespace

const std::string& SocketNames::user(std::uint32_t user_id) {
  return known(users_, user_id, numeric_ ? number_text : user_name);
}

const std::string& SocketNames::interface(std::uint32_t index) {
  return known(interfaces_, index, numeric_ ? number_text : interface_name);
}

}  // namespace tcp::cmd
