// SPDX-License-Identifier: MIT
// Who may connect: addresses, prefixes, ranges, and files of them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/address_range.hpp"

namespace tcp::stream {

// Each word is what parse_address_range() takes, or "@path".
struct AccessRules {
  std::vector<std::string> allow;
  std::vector<std::string> deny;

  [[nodiscard]] bool has_files() const;
};

// Sorted and disjoint; finding takes logarithmic time.
class AddressRanges {
 public:
  AddressRanges() = default;
  explicit AddressRanges(std::vector<AddressRange> ranges);
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::span<const AddressRange> all() const noexcept { return ranges_; }

 private:
  std::vector<AddressRange> ranges_;
};

// One range a line; what follows '#' is a comment. Errors name the file and the line.
[[nodiscard]] Result<std::vector<AddressRange>> parse_access_file(std::string_view text, const std::string& name);

class AccessList {
 public:
  AccessList() = default;  // permits everybody
  // Errors: a word that is no range, a file that cannot be read or is broken.
  [[nodiscard]] static Result<AccessList> load(const AccessRules& rules);

  // Denial wins; where anything is allowed, everything else is denied.
  [[nodiscard]] bool permits(const IpAddress& address) const;

 private:
  bool is_restricted_ = false;
  AddressRanges allowed_;
  AddressRanges denied_;
};

}  // namespace tcp::stream
