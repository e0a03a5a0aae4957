// SPDX-License-Identifier: MIT
// The sender's files and directories, one after the other, a directory before what is in it.
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/transfer_events.hpp"
#include "libtcp/stream/transfer_frames.hpp"

namespace tcp::stream {

struct SourceItem {
  TransferEntry entry;  // without an id
  std::string local;    // where it is
};

class TransferSource {
 public:
  // Errors: a path that does not exist, or has no name of its own ("/"); two of the same name.
  [[nodiscard]] static Result<TransferSource> open(const std::vector<std::string>& paths);

  // What is sent, or why it is not (skipped, failed); nothing at the end.
  using Next = std::variant<std::monostate, SourceItem, Transferred>;
  [[nodiscard]] Next next();

  // How much there is; walks all of it, and leaves it at its end.
  [[nodiscard]] TransferPlanned count();

 private:
  struct Root {
    std::string name;
    std::string local;
  };
  struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };
  struct Level {
    std::unique_ptr<DIR, CloseDirectory> directory;
    std::string path;
    std::string local;
  };

  [[nodiscard]] Next visit(std::string path, std::string local, int parent, const std::string& name, bool is_root);
  [[nodiscard]] Next enter(SourceItem item, int parent, const std::string& name, bool is_root);
  [[nodiscard]] Next look_at_link(SourceItem item, int parent, const std::string& name) const;

  std::vector<Root> roots_;
  std::size_t next_root_ = 0;
  std::vector<Level> levels_;
};

}  // namespace tcp::stream
