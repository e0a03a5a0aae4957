// SPDX-License-Identifier: MIT
#include "libtcp/net/identity.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kLeastEntryBytes = 1024;
constexpr std::size_t kMostEntryBytes = std::size_t{1} << 20;
constexpr int kMostGroups = 65536;                 // NGROUPS_MAX of Linux
constexpr uid_t kNobody = static_cast<uid_t>(-1);  // setresuid(2): leave it

// `ask(memory, size, &found)` is one of get…_r; true when there is such an entry. Errors: the database's.
template <class Ask>
Result<bool> ask_database(std::vector<char>& memory, const std::string& attempt, const Ask& ask) {
  for (memory.resize(kLeastEntryBytes);; memory.resize(memory.size() * 2)) {
    bool found = false;
    const int error_number = ask(memory.data(), memory.size(), found);
    if (error_number == 0) return found;
    if (error_number == ENOENT || error_number == ESRCH) return false;
    if (error_number != ERANGE || memory.size() >= kMostEntryBytes) return system_error(attempt, error_number);
  }
}

std::vector<gid_t> groups_of(const char* user, gid_t group) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user, group, groups.data(), &count) < 0) {
    count = std::clamp(count, 1, kMostGroups);
    groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(user, group, groups.data(), &count) < 0) return {group};
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

Result<Identity> Identity::resolve(const IdentityNames& names) {
  Identity identity;
  identity.names_ = names;
  if (!names.group.empty()) TCP_TRY(identity.resolve_group());
  if (!names.user.empty()) TCP_TRY(identity.resolve_user());
  if (identity.group_ && identity.groups_.empty()) identity.groups_ = {*identity.group_};
  return identity;
}

Result<void> Identity::resolve_group() {
  std::vector<char> memory;
  ::group entry{};
  const auto by_name = [&](char* bytes, std::size_t size, bool& found) {
    ::group* result = nullptr;
    const int error_number = ::getgrnam_r(names_.group.c_str(), &entry, bytes, size, &result);
    found = result != nullptr;
    return error_number;
  };
  TCP_TRY_ASSIGN(found, ask_database(memory, "look up group " + names_.group, by_name));
  group_ = found ? std::optional(entry.gr_gid) : parse_unsigned<gid_t>(names_.group);
  if (group_ && *group_ != kNobody) return {};
  return usage_error("group '" + names_.group + "'", "there is no such group");
}

// A name first, as chown(1) does; then a number, whose user may still have a name.
Result<void> Identity::resolve_user() {
  std::vector<char> memory;
  ::passwd entry{};
  const auto number = parse_unsigned<uid_t>(names_.user);
  ::passwd* result = nullptr;
  const auto by_name = [&](char* bytes, std::size_t size, bool& found) {
    const int error_number = ::getpwnam_r(names_.user.c_str(), &entry, bytes, size, &result);
    found = result != nullptr;
    return error_number;
  };
  const auto by_number = [&](char* bytes, std::size_t size, bool& found) {
    const int error_number = ::getpwuid_r(*number, &entry, bytes, size, &result);
    found = result != nullptr;
    return error_number;
  };
  const std::string attempt = "look up user " + names_.user;
  TCP_TRY_ASSIGN(named, ask_database(memory, attempt, by_name));
  bool known = named;
  if (!known && number && *number != kNobody) {
    TCP_TRY_ASSIGN(numbered, ask_database(memory, attempt, by_number));
    known = numbered;
    user_ = number;
  }
  if (known) {
    user_ = entry.pw_uid;
    if (!group_) group_ = entry.pw_gid;
    groups_ = groups_of(entry.pw_name, *group_);
  }
  if (!user_) return usage_error("user '" + names_.user + "'", "there is no such user");
  if (group_) return {};
  return usage_error("user " + names_.user, "has no name, so that a group must be named too");
}

Result<void> Identity::assume() const {
  if (!names_.root.empty()) TCP_TRY(change_root());
  if (group_) TCP_TRY(change_groups());
  if (user_) TCP_TRY(change_user());
  TCP_TRY(drop_all_capabilities());
  return check();
}

Result<void> Identity::change_root() const {
  const std::string attempt = "make " + names_.root + " the root directory";
  if (::chdir(names_.root.c_str()) != 0) return system_error(attempt);
  if (::chroot(".") != 0) return privileged_call_error(attempt, Capability::sys_chroot);
  if (::chdir("/") != 0) return system_error(attempt);
  return {};
}

Result<void> Identity::change_groups() const {
  const std::string attempt = "become group " + (names_.group.empty() ? "of " + names_.user : names_.group);
  if (::setgroups(groups_.size(), groups_.data()) != 0) return privileged_call_error(attempt, Capability::setgid);
  if (::setresgid(*group_, *group_, *group_) != 0) return privileged_call_error(attempt, Capability::setgid);
  return {};
}

Result<void> Identity::change_user() const {
  if (::setresuid(*user_, *user_, *user_) == 0) return {};
  return privileged_call_error("become user " + names_.user, Capability::setuid);
}

// What the kernel says now, and that it takes back nothing.
Result<void> Identity::check() const {
  std::array<uid_t, 3> users{};
  std::array<gid_t, 3> groups{};
  if (::getresuid(&users[0], &users[1], &users[2]) != 0) return system_error("ask for the user");
  if (::getresgid(&groups[0], &groups[1], &groups[2]) != 0) return system_error("ask for the group");
  const bool is_user = !user_ || std::ranges::all_of(users, [this](uid_t each) { return each == *user_; });
  const bool is_group = !group_ || std::ranges::all_of(groups, [this](gid_t each) { return each == *group_; });
  if (!is_user || !is_group) return make_error(Errc::not_permitted, "give up privileges", "some are still there");
  const bool user_back = user_ && *user_ != 0 && ::setresuid(kNobody, 0, kNobody) == 0;
  const bool group_back = group_ && *group_ != 0 && ::setresgid(kNobody, 0, kNobody) == 0;
  if (user_back || group_back) return make_error(Errc::not_permitted, "give up privileges", "they can be had back");
  return {};
}

}  // namespace tcp::net
