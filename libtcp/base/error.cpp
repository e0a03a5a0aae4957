// SPDX-License-Identifier: MIT
#include "libtcp/base/error.hpp"

namespace tcp {
namespace {

class TcpCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tcp"; }

  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::invalid_input: return "invalid input";
      case Errc::not_found: return "not found";
      case Errc::not_permitted: return "not permitted";
      case Errc::unsupported: return "not supported here";
      case Errc::malformed: return "malformed";
      case Errc::timed_out: return "timed out";
      case Errc::resolve_failed: return "name does not resolve";
      case Errc::interrupted: return "interrupted";
    }
    return "unknown error";
  }
};

}  // namespace

// Never destroyed: a thread that nobody waits for (a look-up that was left behind) may still name an error while the
// program ends.
const std::error_category& tcp_category() noexcept {
  static const auto& category = *new TcpCategory;
  return category;
}

std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), tcp_category()}; }

std::string Error::message() const {
  std::string reason = detail.empty() ? code.message() : detail;
  return attempt.empty() ? reason : attempt + ": " + reason;
}

std::unexpected<Error> system_error(std::string attempt, int error_number) {
  return std::unexpected(Error{std::error_code(error_number, std::generic_category()), std::move(attempt), {}, {}});
}

std::unexpected<Error> usage_error(std::string what, std::string why) {
  return make_error(Errc::invalid_input, std::move(what), std::move(why));
}

std::unexpected<Error> make_error(Errc code, std::string attempt, std::string detail, std::string hint) {
  return std::unexpected(Error{make_error_code(code), std::move(attempt), std::move(detail), std::move(hint)});
}

}  // namespace tcp
