// SPDX-License-Identifier: MIT
// What a receiver of files is sent: frames one after the other; each that is one is written the same again, and names
// that pass have no way out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libtcp/stream/transfer_frames.hpp"
#include "libtcp/stream/transfer_paths.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp::stream;
using tcp::fuzz::require;

namespace {

void check_names(const TransferEntry& entry) {
  if (check_transfer_path(entry.path)) return;
  const std::string padded = "/" + entry.path + "/";
  require(padded.find("/../") == std::string::npos && padded.find("//") == std::string::npos);
  require(padded.find("/./") == std::string::npos && entry.path.find('\0') == std::string::npos);
  const std::string part = partial_name(last_component(entry.path));
  require(part.size() <= kMostTransferNameBytes && part.find('/') == std::string::npos);
  require(check_transfer_path(part).has_value());  // nobody can send it as a file of its own
  if (entry.kind != TransferKind::link || check_link_target(entry.path, entry.target)) return;
  require(entry.target.front() != '/');
  std::ptrdiff_t depth = 0;
  for (const char byte : entry.path) depth += byte == '/' ? 1 : 0;
  const std::string target = entry.target + "/";
  for (std::size_t begin = 0, end = 0; (end = target.find('/', begin)) != std::string::npos; begin = end + 1) {
    const std::string component = target.substr(begin, end - begin);
    if (component == "..")
      --depth;
    else if (!component.empty() && component != ".")
      ++depth;
    require(depth >= 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::uint8_t> rest(data, size);
  if (size >= kTransferPrefaceBytes) (void)judge_preface(rest.first<kTransferPrefaceBytes>(), TransferRole::receiver);
  while (rest.size() >= kTransferHeaderBytes) {
    const auto header = parse_transfer_header(rest.first<kTransferHeaderBytes>(), TransferRole::sender);
    if (!header) return 0;
    require(header->bytes <= (is_data(*header) ? kTransferChunkBytes : kMostTransferBodyBytes));
    if (rest.size() - kTransferHeaderBytes < header->bytes) return 0;
    const auto whole = rest.first(kTransferHeaderBytes + header->bytes);
    const auto frame =
        parse_sender_frame(*header, is_data(*header) ? whole.first(0) : whole.subspan(kTransferHeaderBytes));
    if (!frame) return 0;
    std::vector<std::uint8_t> written;
    serialize(*frame, written);
    if (const auto* abort = std::get_if<AbortFrame>(&*frame); abort == nullptr || abort->text.size() <= 1024) {
      require(std::ranges::equal(written, whole.first(written.size())));
    }
    if (const auto* entry = std::get_if<EntryFrame>(&*frame)) check_names(entry->entry);
    if (const auto* directory = std::get_if<DirectoryFrame>(&*frame)) check_names(directory->entry);
    rest = rest.subspan(whole.size());
  }
  return 0;
}
