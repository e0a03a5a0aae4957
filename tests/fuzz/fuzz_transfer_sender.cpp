// SPDX-License-Identifier: MIT
// A sender of files, driven to its end by whatever a receiver says: nothing is told twice of a path, only what was
// asked for is read, and a transfer that is over without trouble has told of every path.
#include "libtcp/stream/transfer_sender.hpp"

#include <set>

#include "tests/fuzz/transfer_peer.hpp"

using namespace tcp::stream;
using tcp::fuzz::require;
namespace fs = std::filesystem;

namespace {

struct Told final : SessionObserver {
  void on_transferred(const Transferred& event) override { require(paths.insert(event.path).second); }

  std::set<std::string> paths;
};

// The same for every input: what is sent is only read.
class Tree {
 public:
  Tree() {
    const fs::path top = scratch_.path() / "tree";
    fs::create_directories(top / "directory");
    tcp::fuzz::write_file(top / "empty", "");
    tcp::fuzz::write_file(top / "directory" / "small", "some bytes");
    fs::create_symlink("directory/small", top / "link");
    tcp::fuzz::write_file(top / "large", "the first bytes");
    fs::resize_file(top / "large", kTransferChunkBytes + 5);
    options_.paths = {top};
  }

  [[nodiscard]] const SendOptions& options() const noexcept { return options_; }

 private:
  tcp::fuzz::Scratch scratch_;
  SendOptions options_;
};

Awaitable<void> send(TransferSender& sender, std::optional<TransferError>& trouble) { trouble = co_await sender.run(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tree kTree;
  Told told;
  tcp::fuzz::TransferPeer peer(TransferRole::receiver, {data, size}, told);
  SendState state(told, peer.clock(), kTree.options());
  auto source = TransferSource::open(kTree.options().paths);
  require(source.has_value());
  state.planned = source->count();
  auto again = TransferSource::open(kTree.options().paths);
  state.tally.join(peer.conversation());
  std::optional<TransferError> trouble;
  {
    TransferSender sender(peer.executor(), peer.conversation(), std::move(*again), state, kTree.options(),
                          peer.clock());
    asio::co_spawn(peer.executor(), send(sender, trouble), asio::detached);
    peer.run();
  }
  require(trouble.has_value() || told.paths.size() == state.planned.entries);
  return 0;
}
