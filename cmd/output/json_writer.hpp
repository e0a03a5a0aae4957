// SPDX-License-Identifier: MIT
// JSON written as it goes, key by key: for results by the ten thousand, where a Record each would cost more than all
// the rest. The rules of a Record hold: keys are snake_case, what is not known is null.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tcp::cmd {

class JsonWriter {
 public:
  // Appends to `out`, which must outlive it.
  explicit JsonWriter(std::string& out) : out_(out) {}

  // Without a key: the value of a list, or the outermost one.
  void begin_object() { open('{'); }
  void begin_object(std::string_view key) { put_key(key), out_ += '{', first_ = true; }
  void end_object() { close('}'); }
  void begin_list(std::string_view key) { put_key(key), out_ += '[', first_ = true; }
  void end_list() { close(']'); }

  void field(std::string_view key, std::string_view text) { put_key(key), put(text); }
  void field(std::string_view key, const char* text) { field(key, std::string_view(text)); }
  void field(std::string_view key, bool value) { put_key(key), out_ += value ? "true" : "false"; }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void field(std::string_view key, T number) {
    put_key(key);
    put(number);
  }
  void field(std::string_view key, double number);
  void null(std::string_view key) { put_key(key), out_ += "null"; }
  template <class T>
  void field(std::string_view key, const std::optional<T>& value) {
    if (value) return field(key, *value);
    null(key);
  }
  // Null for no text.
  void text_or_null(std::string_view key, std::string_view text) { text.empty() ? null(key) : field(key, text); }
  // The next value of a list.
  void item(std::string_view text) { separate(), put(text); }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void open(char bracket) { separate(), out_ += bracket, first_ = true; }
  void close(char bracket) { out_ += bracket, first_ = false; }
  void put_key(std::string_view key) {
    separate();
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }
  void put(std::string_view text);
  template <std::integral T>
  void put(T number) {
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace tcp::cmd
