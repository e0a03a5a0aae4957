// SPDX-License-Identifier: MIT
// A receiver of files, driven to its end by whatever a sender says: what is outside of its directory stays as it was,
// what was there already stays unless it may be replaced, and nothing that is reported as stored is missing.
#include "libtcp/stream/transfer_receiver.hpp"

#include <algorithm>

#include "libtcp/stream/transfer_paths.hpp"
#include "tests/fuzz/transfer_peer.hpp"

using namespace tcp::stream;
using tcp::fuzz::require;
namespace fs = std::filesystem;

namespace {

constexpr const char* kOld = "what was here before";

struct Stored final : SessionObserver {
  void on_transferred(const Transferred& event) override {
    require(!tcp::stream::check_transfer_path(event.path) || event.outcome == TransferOutcome::refused);
    if (event.outcome == TransferOutcome::stored) paths.push_back(event.path);
  }
  void on_transfer_over(const TransferTotals& event) override {
    require(++ends == 1);
    totals = event;
  }
  void on_closed(const Closed& event) override {
    require(++closes == 1);
    (void)event;
  }

  std::vector<std::string> paths;
  TransferTotals totals;
  int ends = 0;
  int closes = 0;
};

// DIR, with a file, the beginning of another, and a link to what is beside it.
void furnish(const fs::path& top) {
  fs::create_directory(top / "in");
  fs::create_directory(top / "outside");
  tcp::fuzz::write_file(top / "outside" / "file", kOld);
  tcp::fuzz::write_file(top / "in" / "old", kOld);
  fs::create_directory_symlink("../outside", top / "in" / "out");
  const fs::path part = top / "in" / partial_name("big");
  tcp::fuzz::write_file(part, "");
  fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write);
  fs::resize_file(part, kTransferChunkBytes);
}

Awaitable<void> receive(TransferReceiver& receiver) { co_await receiver.run(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const tcp::fuzz::Scratch scratch;
  furnish(scratch.path());
  ReceiveOptions options;
  options.directory = scratch.path() / "in";
  options.replaces = (data[0] & 1) != 0;
  auto directory = TransferDirectory::open(options.directory);
  require(directory.has_value());
  Stored stored;
  {
    tcp::fuzz::TransferPeer peer(TransferRole::sender, {data + 1, size - 1}, stored);
    TransferReceiver receiver(peer.executor(), peer.conversation(), *directory, options, peer.clock());
    asio::co_spawn(peer.executor(), receive(receiver), asio::detached);
    peer.run();
  }
  require(stored.ends == 1 && stored.closes == 1);
  require(tcp::fuzz::names_in(scratch.path()) == std::vector<std::string>{"in", "outside"});
  require(tcp::fuzz::names_in(scratch.path() / "outside") == std::vector<std::string>{"file"});
  require(tcp::fuzz::read_file(scratch.path() / "outside" / "file") == kOld);
  if (!options.replaces) {
    require(tcp::fuzz::read_file(scratch.path() / "in" / "old") == kOld);
    require(fs::read_symlink(scratch.path() / "in" / "out") == "../outside");
  }
  std::error_code ignored;
  for (const std::string& path : stored.paths) {
    // Unless it was replaced by what came later.
    require(options.replaces ||
            fs::symlink_status(scratch.path() / "in" / path, ignored).type() != fs::file_type::not_found);
  }
  return 0;
}
