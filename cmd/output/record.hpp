// SPDX-License-Identifier: MIT
// An ordered list of keys and values: what an engine's struct becomes before it is rendered as text or JSON.
//
// Keys are snake_case with the unit in the key (_us, _bytes). What is known to be absent is null, never a missing key.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tcp::cmd {

class Record;
struct Value;
using List = std::vector<Value>;

struct Value {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, List, std::vector<Record>> data;

  // Defined behind Record: making a Value may destroy one, which takes the whole of Record.
  Value();
  Value(std::nullptr_t);
  template <std::same_as<bool> T>
  Value(T value) : data(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Value(T value) : data(static_cast<std::conditional_t<std::signed_integral<T>, std::int64_t, std::uint64_t>>(value)) {}
  Value(double value);
  Value(std::string value);
  Value(std::string_view value);
  Value(const char* value);
  Value(List value);
  Value(Record value);
  template <class T>
  Value(const std::optional<T>& value);

  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(data); }
  [[nodiscard]] const std::string* string() const noexcept { return std::get_if<std::string>(&data); }
  [[nodiscard]] const List* list() const noexcept { return std::get_if<List>(&data); }
  [[nodiscard]] const Record* record() const noexcept;
  // A number as it is written, a string as it is, "yes"/"no", "-" for null, list items joined with ", ".
  [[nodiscard]] std::string text() const;
};

class Record {
 public:
  // Every object has a type: Record("port").
  explicit Record(std::string_view type) { add("type", type); }
  // A nested object without one.
  Record() = default;

  Record& add(std::string_view key, Value value);
  // Bytes from the network: `key` as UTF-8 with U+FFFD for what is not, and `key`_hex with all of them.
  Record& add_bytes(std::string_view key, std::span<const std::uint8_t> bytes);

  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& fields() const noexcept { return fields_; }
  // Null value when there is no such key.
  [[nodiscard]] const Value& operator[](std::string_view key) const noexcept;
  [[nodiscard]] std::string_view type() const noexcept;

 private:
  std::vector<std::pair<std::string, Value>> fields_;
};

// Null for no text.
[[nodiscard]] inline Value text_or_null(std::string_view text) { return text.empty() ? Value(nullptr) : Value(text); }

inline Value::Value() : data(nullptr) {}
inline Value::Value(std::nullptr_t) : data(nullptr) {}
inline Value::Value(double value) : data(value) {}
inline Value::Value(std::string value) : data(std::move(value)) {}
inline Value::Value(std::string_view value) : data(std::string(value)) {}
inline Value::Value(const char* value) : data(std::string(value)) {}
inline Value::Value(List value) : data(std::move(value)) {}
template <class T>
Value::Value(const std::optional<T>& value) : Value(value ? Value(*value) : Value(nullptr)) {}

}  // namespace tcp::cmd
