// SPDX-License-Identifier: MIT
// What a sender of files is answered: frames one after the other, each of which is written the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "libtcp/stream/transfer_frames.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp::stream;
using tcp::fuzz::require;

namespace {

std::size_t longest_text(const ReceiverFrame& frame) {
  if (const auto* answer = std::get_if<AnswerFrame>(&frame)) return answer->text.size();
  if (const auto* result = std::get_if<ResultFrame>(&frame)) return result->text.size();
  if (const auto* abort = std::get_if<AbortFrame>(&frame)) return abort->text.size();
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::uint8_t> rest(data, size);
  if (size >= kTransferPrefaceBytes) (void)judge_preface(rest.first<kTransferPrefaceBytes>(), TransferRole::sender);
  while (rest.size() >= kTransferHeaderBytes) {
    const auto header = parse_transfer_header(rest.first<kTransferHeaderBytes>(), TransferRole::receiver);
    if (!header) return 0;
    require(header->bytes <= kMostTransferBodyBytes && !is_data(*header));
    if (rest.size() - kTransferHeaderBytes < header->bytes) return 0;
    const auto whole = rest.first(kTransferHeaderBytes + header->bytes);
    const auto frame = parse_receiver_frame(*header, whole.subspan(kTransferHeaderBytes));
    if (!frame) return 0;
    std::vector<std::uint8_t> written;
    serialize(*frame, written);
    if (longest_text(*frame) <= 1024) {
      require(written.size() == whole.size());
      const auto again = parse_receiver_frame(*header, std::span(written).subspan(kTransferHeaderBytes));
      require(again && *again == *frame);
    }
    rest = rest.subspan(whole.size());
  }
  return 0;
}
