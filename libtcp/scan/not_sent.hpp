// SPDX-License-Identifier: MIT
// What the networks of a scan say of a probe that this host could not send.
#pragma once

#include <cerrno>

#include "libtcp/scan/answer.hpp"

namespace tcp::scan {

// The kernel's number when it had one.
[[nodiscard]] inline int error_number_of(const Error& error) noexcept {
  return error.code.category() == std::generic_category() ? error.code.value() : EIO;
}

[[nodiscard]] inline Answer not_sent(const Probe& probe, int error_number, MonotonicTime now) {
  Answer answer;
  answer.kind = AnswerKind::not_sent;
  answer.target = probe.target;
  answer.attempt = probe.attempt;
  answer.received = now;
  answer.error_number = error_number;
  return answer;
}

}  // namespace tcp::scan
