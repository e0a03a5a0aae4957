// SPDX-License-Identifier: MIT
// --expect, --send, --send-secret, --until: what `connect` does by itself, without expect(1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/command.hpp"
#include "libtcp/stream/script.hpp"

namespace tcp::cmd {

class ScriptWords {
 public:
  void define(CLI::App& app);
  // Everything but secrets from elsewhere. Errors: words that are off.
  [[nodiscard]] Result<void> settle();
  // Reads the secrets. Errors: the variable's or the file's.
  [[nodiscard]] Result<void> load();

  // Nothing when none of the options was given.
  [[nodiscard]] const std::optional<stream::ScriptOptions>& script() const noexcept { return script_; }
  // The first option of these that was given; empty: none.
  [[nodiscard]] std::string_view first_given() const;
  // One that needs what is received; empty: none.
  [[nodiscard]] std::string_view needs_receiving() const;
  [[nodiscard]] bool waits_first() const;

 private:
  [[nodiscard]] Result<void> add_step(std::string_view option, const std::string& word);

  const CLI::App* app_ = nullptr;
  std::vector<std::string> expected_;
  std::vector<std::string> sent_;
  std::vector<std::string> secrets_;
  std::vector<std::string> until_;
  std::string timeout_;
  std::optional<stream::ScriptOptions> script_;
  std::vector<std::size_t> secret_steps_;  // which of the steps, in the order of the words
};

}  // namespace tcp::cmd
