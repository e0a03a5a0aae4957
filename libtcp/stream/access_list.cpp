// SPDX-License-Identifier: MIT
#include "libtcp/stream/access_list.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "libtcp/base/read_up_to.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20;

bool is_file(const std::string& word) { return word.starts_with('@'); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// O_NONBLOCK: a FIFO that nobody writes must not stop us before it is refused.
Result<std::string> read_file(const std::string& path) {
  const std::string attempt = "read " + path;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return system_error(attempt);
  if (!S_ISREG(status.st_mode)) return usage_error(attempt, "is no regular file");
  auto text = read_up_to(fd.get(), kLargestFile);
  if (!text) return system_error(attempt, text.error());
  if (text->size() > kLargestFile) return usage_error(attempt, "is larger than 16 MiB");
  return *std::move(text);
}

Result<AddressRanges> load_words(const std::vector<std::string>& words) {
  std::vector<AddressRange> ranges;
  for (const std::string& word : words) {
    if (is_file(word)) {
      const std::string path = word.substr(1);
      TCP_TRY_ASSIGN(text, read_file(path));
      TCP_TRY_ASSIGN(lines, parse_access_file(text, path));
      ranges.insert(ranges.end(), lines.begin(), lines.end());
    } else {
      TCP_TRY_ASSIGN(range, parse_address_range(word));
      ranges.push_back(range);
    }
  }
  return AddressRanges(std::move(ranges));
}

}  // namespace

bool AccessRules::has_files() const {
  return std::ranges::any_of(allow, is_file) || std::ranges::any_of(deny, is_file);
}

AddressRanges::AddressRanges(std::vector<AddressRange> ranges) {
  std::ranges::sort(ranges, {}, &AddressRange::first);
  for (const AddressRange& range : ranges) {
    if (!ranges_.empty() && ranges_.back().contains(range.first)) {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    } else {
      ranges_.push_back(range);
    }
  }
}

bool AddressRanges::contains(const IpAddress& address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &AddressRange::first);
  return after != ranges_.begin() && std::prev(after)->contains(address);
}

Result<std::vector<AddressRange>> parse_access_file(std::string_view text, const std::string& name) {
  std::vector<AddressRange> ranges;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, text.substr(0, end).find('#')).substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    auto range = parse_address_range(line);
    if (!range) return usage_error(name + " line " + std::to_string(number), range.error().message());
    ranges.push_back(*range);
  }
  return ranges;
}

Result<AccessList> AccessList::load(const AccessRules& rules) {
  AccessList list;
  list.is_restricted_ = !rules.allow.empty();
  TCP_TRY_ASSIGN(allowed, load_words(rules.allow));
  TCP_TRY_ASSIGN(denied, load_words(rules.deny));
  list.allowed_ = std::move(allowed);
  list.denied_ = std::move(denied);
  return list;
}

// A rule without a zone is for every zone.
bool AccessList::permits(const IpAddress& address) const {
  const IpAddress client = address.unmapped();
  const auto is_in = [&](const AddressRanges& ranges) {
    return ranges.contains(client) || (client.scope_id() != 0 && ranges.contains(client.without_scope()));
  };
  if (is_in(denied_)) return false;
  return !is_restricted_ || is_in(allowed_);
}

}  // namespace tcp::stream
