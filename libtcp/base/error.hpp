// SPDX-License-Identifier: MIT
// An error is a code for programs and the attempt for people: "bind 0.0.0.0:80: Permission denied".
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace tcp {

// Failures that errno has no word for. Anything the kernel said stays in std::generic_category().
enum class Errc {
  invalid_input = 1,  // the user's words are off; exit code 2
  not_found,          // asked for something that does not exist
  not_permitted,      // a privilege is missing
  unsupported,        // this kernel, build or address family cannot do it
  malformed,          // bytes from outside break their format
  timed_out,          // a bound on waiting was reached
  resolve_failed,     // a name has no address
  interrupted,        // the user or a signal asked to stop
};

const std::error_category& tcp_category() noexcept;
std::error_code make_error_code(Errc code) noexcept;

struct Error {
  std::error_code code;
  std::string attempt;  // what was tried, lower case, no full stop: "bind 0.0.0.0:80"
  std::string detail;   // why it failed, when the code's own message does not say it
  std::string hint;     // what the user can do about it; empty when there is nothing to say

  // "attempt: reason"
  [[nodiscard]] std::string message() const;
  [[nodiscard]] bool is(std::errc other) const noexcept { return code == other; }
  [[nodiscard]] bool is(Errc other) const noexcept { return code == make_error_code(other); }
};

template <class T>
using Result = std::expected<T, Error>;

// The kernel said no: `return system_error("bind 0.0.0.0:80");` right after the call that set errno.
[[nodiscard]] std::unexpected<Error> system_error(std::string attempt, int error_number = errno);

// The user's words are off: `return usage_error("port 70000", "must be 0 to 65535");`
[[nodiscard]] std::unexpected<Error> usage_error(std::string what, std::string why);

// Anything else that is ours to name.
[[nodiscard]] std::unexpected<Error> make_error(Errc code, std::string attempt, std::string detail = {},
                                                std::string hint = {});

}  // namespace tcp

template <>
struct std::is_error_code_enum<tcp::Errc> : std::true_type {};

// TCP_TRY(call()); leaves the function with the error when there is one.
#define TCP_TRY(expression) \
  if (auto tcp_result = (expression); !tcp_result) return std::unexpected(std::move(tcp_result).error())

// TCP_TRY_ASSIGN(fd, open_it()); the same, and `fd` is a reference to the value.
// NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared cannot stand in parentheses
#define TCP_TRY_ASSIGN(name, expression)                                        \
  auto name##_result = (expression);                                            \
  if (!name##_result) return std::unexpected(std::move(name##_result).error()); \
  [[maybe_unused]] auto& name = *name##_result
// NOLINTEND(bugprone-macro-parentheses)
