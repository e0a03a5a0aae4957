// SPDX-License-Identifier: MIT
// A descriptor that text is written to, with its first failure kept: a full disk or a closed pipe is never lost.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "cmd/output/terminal.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::cmd {

class Output {
 public:
  // When a regular file is written: in large pieces, or line by line (what warns must be there when we crash).
  enum class Files : unsigned char { buffered, line_by_line };

  // `fd` is borrowed. `name` is for the error message: "standard output".
  Output(int fd, std::string name, Files files = Files::buffered);

  void write(std::string_view text);
  // `text` and a newline, flushed unless the descriptor is a buffered regular file: one record at a time reaches a
  // pipe.
  void line(std::string_view text);
  // For as long as it lives, records reach any descriptor in large pieces: a listing, where nobody waits for the next.
  class Batch {
   public:
    explicit Batch(Output& out) : out_(out), before_(std::exchange(out.buffered_, true)) {}
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
      out_.buffered_ = before_;
      out_.end_record();
    }

   private:
    Output& out_;
    bool before_;
  };

  // A finished unit of output: flushes unless the descriptor is a buffered regular file.
  void end_record();
  void flush();

  // True once a write has failed; everything after it is dropped. Long work should stop then.
  [[nodiscard]] bool failed() const noexcept { return error_number_ != 0; }
  // The reader went away (EPIPE): the program ends quietly.
  [[nodiscard]] bool closed_pipe() const noexcept;
  // Flushes and reports the first failure: "write standard output: No space left on device".
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] const Terminal& terminal() const noexcept { return terminal_; }
  // For --color: replaces what was detected.
  void set_colour(bool colour) noexcept { terminal_.colour = colour; }

 private:
  int fd_;
  std::string name_;
  bool buffered_ = false;
  Terminal terminal_;
  std::string buffer_;
  int error_number_ = 0;
};

}  // namespace tcp::cmd
