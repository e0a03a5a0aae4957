// SPDX-License-Identifier: MIT
// --watch on a terminal: what the keys that were pressed have made of the screen.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tcp::cmd {

class WatchControl {
 public:
  WatchControl(std::size_t columns, std::size_t sorted_by, bool descending)
      : columns_(columns), sorted_by_(sorted_by), descending_(descending) {}

  // As the terminal sends them: s and S or the arrows sort by the next or last column, r the other way round, / begins
  // a filter that Enter ends and Escape gives up, q ends. True when something has changed.
  bool press(std::string_view keys);

  [[nodiscard]] bool quit() const noexcept { return quit_; }
  [[nodiscard]] std::size_t sorted_by() const noexcept { return sorted_by_; }
  [[nodiscard]] bool descending() const noexcept { return descending_; }
  // What has been entered, once.
  [[nodiscard]] std::optional<std::string> take_filter();
  // What is being typed.
  [[nodiscard]] const std::optional<std::string>& typing() const noexcept { return typing_; }

 private:
  static constexpr std::size_t kMostTyped = 512;

  void press_one(char key);
  void type(char key);
  void sort_by_next(std::size_t step) { sorted_by_ = (sorted_by_ + step) % columns_; }

  std::size_t columns_;
  std::size_t sorted_by_;
  bool descending_;
  bool quit_ = false;
  std::optional<std::string> typing_;
  std::optional<std::string> entered_;
};

}  // namespace tcp::cmd
