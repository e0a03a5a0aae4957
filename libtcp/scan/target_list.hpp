// SPDX-License-Identifier: MIT
// What words and files say about the targets of a scan, before names are looked up.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/scan/target_set.hpp"
#include "libtcp/scan/target_spec.hpp"

namespace tcp::scan {

class TargetList {
 public:
  explicit TargetList(TargetRole role = TargetRole::wanted) : role_(role) {}

  // Errors: parse_target()'s; too many names.
  [[nodiscard]] Result<void> add(std::string_view word);
  [[nodiscard]] bool empty() const noexcept { return empty_; }

 private:
  friend class TargetResolver;

  [[nodiscard]] Result<void> add_range(const AddressRange& range);

  TargetRole role_;
  bool empty_ = true;
  RangeCollector ranges_;
  RangeCollector skipped_;
  std::vector<std::string> names_;
};

// Reads words from a text in pieces: a word or several on a line, '#' begins a comment.
class TargetFileReader {
 public:
  // `name` is for errors, which begin with "NAME:LINE: ". `list` must outlive it.
  TargetFileReader(std::string name, TargetList& list) : name_(std::move(name)), list_(list) {}

  // Errors: those of TargetList::add(); a line of more than 1024 characters.
  [[nodiscard]] Result<void> feed(std::string_view piece);
  // What the last line said when no newline ended it.
  [[nodiscard]] Result<void> finish();

 private:
  [[nodiscard]] Result<void> take_line(std::string_view line);
  [[nodiscard]] std::unexpected<Error> at_line(Error error) const;

  std::string name_;
  TargetList& list_;
  std::string rest_;  // of a line that has not ended
  std::uint64_t line_ = 1;
};

// All addresses of a name, in the order of preference.
using NameLookup = std::function<Result<std::vector<IpAddress>>(const std::string& host)>;

struct TargetChoice {
  std::optional<Family> family;     // only these
  bool first_address_only = false;  // of a name
};

struct Targets {
  TargetSet set;
  std::map<IpAddress, std::string> names;  // as the user wrote them, for those that came from one
  std::uint64_t skipped = 0;               // special addresses that a word covered and did not mean
};

// Looks the names up and takes the exclusions away. Errors: a name without a fitting address; nothing left to scan;
// RangeCollector::settle()'s.
[[nodiscard]] Result<Targets> resolve_targets(TargetList wanted, TargetList excluded, const TargetChoice& choice,
                                              const NameLookup& lookup);

}  // namespace tcp::scan
