// SPDX-License-Identifier: MIT
#include "cmd/output/record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kUsualFields = 8;

struct TextOf {
  std::string operator()(std::nullptr_t) const { return "-"; }
  std::string operator()(bool value) const { return value ? "yes" : "no"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const List& values) const {
    return join(values, [](const Value& v) { return v.text(); });
  }
  std::string operator()(const std::vector<Record>& nested) const {
    return join(nested.front().fields(), [](const auto& field) { return field.first + "=" + field.second.text(); });
  }

 private:
  template <class Range, class Text>
  static std::string join(const Range& range, Text text) {
    std::string result;
    for (const auto& item : range) result += (result.empty() ? "" : ", ") + text(item);
    return result;
  }
};

}  // namespace

// A vector of one is the only way to hold a type that is still incomplete where Value is defined.
Value::Value(Record value) : data(std::vector<Record>{std::move(value)}) {}

const Record* Value::record() const noexcept {
  const auto* nested = std::get_if<std::vector<Record>>(&data);
  return nested == nullptr ? nullptr : &nested->front();
}

std::string Value::text() const { return std::visit(TextOf{}, data); }

Record& Record::add(std::string_view key, Value value) {
  if (fields_.empty()) fields_.reserve(kUsualFields);
  fields_.emplace_back(key, std::move(value));
  return *this;
}

Record& Record::add_bytes(std::string_view key, std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  add(key, to_valid_utf8(text));
  return add(std::string(key) + "_hex", fmt::format("{:02x}", fmt::join(bytes, "")));
}

const Value& Record::operator[](std::string_view key) const noexcept {
  static const Value null;
  const auto field = std::ranges::find(fields_, key, [](const auto& f) -> std::string_view { return f.first; });
  return field == fields_.end() ? null : field->second;
}

std::string_view Record::type() const noexcept {
  const auto* type = (*this)["type"].string();
  return type == nullptr ? std::string_view() : *type;
}

}  // namespace tcp::cmd
