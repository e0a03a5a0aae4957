// SPDX-License-Identifier: MIT
// Where received entries go: nothing is opened, made or renamed outside this directory, whatever names ask for, and no
// symbolic link is followed. Paths have passed check_transfer_path().
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/transfer_frames.hpp"

namespace tcp::stream {

// A file that grows under a name of its own until it is whole. What is not kept for another time is removed.
class PartialFile {
 public:
  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
  // Errors: "write NAME" and why.
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes, std::uint64_t offset);
  // Keeps so much of it.
  [[nodiscard]] Result<void> cut(std::uint64_t size);
  // Gives it its mode, time and name. Errors: EEXIST, when it must not replace; what the system says.
  [[nodiscard]] Result<void> finish(const TransferEntry& entry, bool replaces, bool sync);
  void remove();

 private:
  friend class TransferDirectory;
  UniqueFd parent_;
  UniqueFd file_;
  std::string name_;
  std::string part_;
};

class TransferDirectory {
 public:
  // Made when it is not there. Errors: "receive into DIR" and why.
  [[nodiscard]] static Result<TransferDirectory> open(const std::string& path);

  struct Found {
    UniqueFd file;  // of a regular file; reading
    struct stat status{};
  };
  // What has this name; nothing when nobody has. A file is opened when `opens`.
  [[nodiscard]] Result<std::optional<Found>> find(const std::string& path, bool opens);
  // What was received of it before, as far as it can be trusted to be ours.
  [[nodiscard]] Result<std::optional<Found>> find_part(const std::string& path);
  // `keep`: go on with what is there. Errors: EBUSY, when somebody else is writing it.
  [[nodiscard]] Result<PartialFile> open_part(const std::string& path, bool keep);

  // One that is there already will do.
  [[nodiscard]] Result<void> make_directory(const TransferEntry& entry);
  // Mode and time of one that is complete.
  [[nodiscard]] Result<void> finish_directory(const TransferEntry& entry);
  // Says whether it was made: one with the same text will do.
  [[nodiscard]] Result<bool> make_link(const TransferEntry& entry, bool replaces);

  // It was removed meanwhile: nothing can be stored any more.
  [[nodiscard]] bool is_gone() const;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  TransferDirectory(std::string name, UniqueFd top) : name_(std::move(name)), top_(std::move(top)) {}
  // Of the directory that holds it; borrowed until the next call.
  [[nodiscard]] Result<int> parent_of(const std::string& path);
  [[nodiscard]] UniqueFd open_beneath(const std::string& path) const;

  std::string name_;
  UniqueFd top_;
  std::string last_path_;  // entries of one directory come one after the other
  UniqueFd last_;
};

}  // namespace tcp::stream
