// SPDX-License-Identifier: MIT
// What a conversation does by itself before the local end has its turn, and what ends it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

enum class ScriptStepKind : std::uint8_t { expect, send };

struct ScriptStep {
  ScriptStepKind kind = ScriptStepKind::expect;
  std::string bytes;  // to be waited for, at least one; or to be sent
  std::string name;   // as it was written, for errors; never a secret
};

// Text that ends the conversation once it has been received, after the last step.
struct ScriptGoal {
  std::string bytes;  // at least one
  std::string name;   // as it was written, for errors
};

struct ScriptOptions {
  std::vector<ScriptStep> steps;
  Duration step_timeout{};  // for each text that is waited for; zero: none
  std::optional<ScriptGoal> goal;
};

}  // namespace tcp::stream
