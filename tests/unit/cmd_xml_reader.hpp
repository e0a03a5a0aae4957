// SPDX-License-Identifier: MIT
// Reads what the pictures are written in, and says what is wrong with it.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tcp::test {

// An element of a document, with the text in it and in the elements it holds.
struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;
  [[nodiscard]] std::string operator[](const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "" : found->second;
  }
};

// Reads XML of the simplest kind: no comments, all attributes in double quotes, the entities that we write.
class XmlReader {
 public:
  explicit XmlReader(std::string_view document) : rest_(document) {
    while (flaw_.empty() && !rest_.empty()) rest_.front() == '<' ? tag() : text();
    if (flaw_.empty() && !open_.empty()) flaw_ = "<" + elements_[open_.back()].name + "> stays open";
  }
  [[nodiscard]] const std::vector<Element>& elements() const noexcept { return elements_; }
  // Empty when it is well-formed.
  [[nodiscard]] const std::string& flaw() const noexcept { return flaw_; }

 private:
  static constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

  std::string take(std::size_t bytes) {
    std::string taken(rest_.substr(0, bytes));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string name() { return take(std::min(rest_.find_first_not_of(kName), rest_.size())); }
  void expect(std::string_view what) {
    if (!rest_.starts_with(what) && flaw_.empty()) flaw_ = "no " + std::string(what) + " at " + take(40);
    rest_.remove_prefix(std::min(what.size(), rest_.size()));
  }

  std::string unescaped(std::string raw) {
    constexpr std::pair<std::string_view, char> kEntities[] = {
        {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&amp;", '&'}};
    std::string text;
    for (std::string_view left = raw; !left.empty();) {
      const auto entity = std::ranges::find_if(kEntities, [&](const auto& one) { return left.starts_with(one.first); });
      const bool found = entity != std::end(kEntities);
      if (!found && left.front() == '&') flaw_ = "a bare &";
      text += found ? entity->second : left.front();
      left.remove_prefix(found ? entity->first.size() : 1);
    }
    return text;
  }

  void text() {
    const std::string words = unescaped(take(std::min(rest_.find('<'), rest_.size())));
    for (const std::size_t index : open_) elements_[index].text += words;
  }

  void tag() {
    expect("<");
    if (rest_.starts_with('/')) {
      expect("/");
      if (open_.empty() || name() != elements_[open_.back()].name) flaw_ = "closed out of order";
      if (!open_.empty()) open_.pop_back();
      return expect(">");
    }
    Element element{name(), {}, {}};
    if (element.name.empty()) flaw_ = "a bare <";
    while (flaw_.empty() && rest_.starts_with(' ')) {
      expect(" ");
      const std::string key = name();
      expect("=\"");
      const std::string value = take(std::min(rest_.find('"'), rest_.size()));
      if (value.find('<') != std::string::npos) flaw_ = "a < in " + key;
      element.attributes[key] = unescaped(value);
      expect("\"");
    }
    elements_.push_back(std::move(element));
    if (rest_.starts_with('/')) return expect("/>");
    open_.push_back(elements_.size() - 1);
    expect(">");
  }

  std::vector<Element> elements_;
  std::string flaw_;
  std::string_view rest_;
  std::vector<std::size_t> open_;
};

}  // namespace tcp::test
