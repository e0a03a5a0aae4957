// SPDX-License-Identifier: MIT
#include "cmd/script_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "cmd/options.hpp"
#include "cmd/small_file.hpp"
#include "libtcp/base/escape.hpp"

namespace tcp::cmd {
namespace {

constexpr const char* kGroup = "Script";
constexpr std::string_view kExpect = "--expect";
constexpr std::string_view kSend = "--send";
constexpr std::string_view kSecret = "--send-secret";
constexpr std::string_view kUntil = "--until";
constexpr std::string_view kVariable = "env:";
constexpr std::string_view kFile = "file:";
constexpr std::chrono::seconds kDefaultTimeout{30};
constexpr std::size_t kMostSteps = 1000;

// "--expect 'login:'", however long or odd the word is.
std::string name_of(std::string_view option, std::string_view word) {
  constexpr std::size_t kMostShown = 60;
  std::string name = std::string(option) + " '" + std::string(word.substr(0, kMostShown));
  return name + (word.size() > kMostShown ? "…'" : "'");
}

Result<std::string> settle_text(std::string_view option, const std::string& word) {
  auto bytes = parse_escapes(word);
  if (!bytes) return in_option(option, std::move(bytes).error());
  if (bytes->empty()) return usage_error(std::string(option) + " ''", "must be at least one byte");
  return *std::move(bytes);
}

Result<void> check_place(const std::string& word) {
  for (const std::string_view kind : {kVariable, kFile}) {
    if (word.starts_with(kind) && word.size() > kind.size()) return {};
  }
  return usage_error(std::string(kSecret), "must be env:NAME or file:PATH, so that others do not see it in ps(1)");
}

// The line of a file is what is in it, not its end.
std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::string> read_secret(const std::string& place) {
  if (place.starts_with(kFile)) {
    TCP_TRY_ASSIGN(text, read_small_file(place.substr(kFile.size())));
    return without_line_end(std::move(text));
  }
  const char* const value = std::getenv(place.c_str() + kVariable.size());
  if (value == nullptr) return usage_error(std::string(kSecret) + " " + place, "the environment has no such variable");
  return std::string(value);
}

}  // namespace

void ScriptWords::define(CLI::App& app) {
  app_ = &app;
  const auto add = [&app](std::string_view name, std::vector<std::string>& words, const char* what, const char* type) {
    app.add_option(std::string(name), words, what)
        ->type_name(type)
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(kGroup);
  };
  add(kExpect, expected_, "Wait until this text has been received; steps in the order in which they are written",
      "TEXT");
  add(kSend, sent_, "Send this text: \\r \\n \\t \\e \\0 \\\\ \\xHH, as in --expect and --until", "TEXT");
  add(kSecret, secrets_, "Send what env:NAME or file:PATH holds, which ps(1) does not show", "WHERE");
  app.add_option("--expect-timeout", timeout_, "How long each --expect may take (30s; 0: no limit)")
      ->type_name("DURATION")
      ->group(kGroup);
  add(kUntil, until_, "End when this text has been received", "TEXT");
}

Result<void> ScriptWords::settle() {
  stream::ScriptOptions script;
  TCP_TRY_ASSIGN(timeout, settle_duration("--expect-timeout", timeout_, kDefaultTimeout));
  script.step_timeout = timeout;
  if (!timeout_.empty() && expected_.empty()) return usage_error("--expect-timeout", "needs --expect");
  if (until_.size() > 1) return usage_error("--until", "at most one of them");
  if (expected_.size() + sent_.size() + secrets_.size() > kMostSteps) {
    return usage_error("--expect and --send", "at most 1000 of them");
  }
  if (first_given().empty()) return {};
  if (!until_.empty()) {
    TCP_TRY_ASSIGN(bytes, settle_text(kUntil, until_.front()));
    script.goal = stream::ScriptGoal{std::move(bytes), name_of(kUntil, until_.front())};
  }
  script_ = std::move(script);
  std::array<std::size_t, 3> taken{};
  const std::array lists{std::pair{kExpect, &expected_}, std::pair{kSend, &sent_}, std::pair{kSecret, &secrets_}};
  for (const CLI::Option* option : app_->parse_order()) {  // once for each word
    for (std::size_t list = 0; list < lists.size(); ++list) {
      const auto& [name, words] = lists.at(list);
      if (option->get_name() == name) TCP_TRY(add_step(name, words->at(taken.at(list)++)));
    }
  }
  return {};
}

Result<void> ScriptWords::add_step(std::string_view option, const std::string& word) {
  stream::ScriptStep step;
  step.kind = option == kExpect ? stream::ScriptStepKind::expect : stream::ScriptStepKind::send;
  if (option == kSecret) {
    TCP_TRY(check_place(word));
    secret_steps_.push_back(script_->steps.size());
  } else {
    TCP_TRY_ASSIGN(bytes, settle_text(option, word));
    step.bytes = std::move(bytes);
  }
  step.name = name_of(option, word);
  script_->steps.push_back(std::move(step));
  return {};
}

Result<void> ScriptWords::load() {
  for (std::size_t i = 0; i < secret_steps_.size(); ++i) {
    TCP_TRY_ASSIGN(secret, read_secret(secrets_[i]));
    script_->steps[secret_steps_[i]].bytes = std::move(secret);
  }
  return {};
}

std::string_view ScriptWords::first_given() const {
  if (!expected_.empty()) return kExpect;
  if (!sent_.empty()) return kSend;
  if (!secrets_.empty()) return kSecret;
  return until_.empty() ? std::string_view() : kUntil;
}

std::string_view ScriptWords::needs_receiving() const {
  if (!expected_.empty()) return kExpect;
  return until_.empty() ? std::string_view() : kUntil;
}

bool ScriptWords::waits_first() const {
  return script_ && !script_->steps.empty() && script_->steps.front().kind == stream::ScriptStepKind::expect;
}

}  // namespace tcp::cmd
