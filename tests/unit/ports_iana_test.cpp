// SPDX-License-Identifier: MIT
// With TCPBOX_IANA_CSV naming IANA's file, every record of it must be answered by the table.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "libtcp/base/parse.hpp"
#include "libtcp/ports/registry.hpp"

using namespace tcp;
using namespace tcp::ports;

namespace {

using Fields = std::vector<std::string>;

// RFC 4180; line ends inside quotes belong to the field.
std::vector<Fields> read_csv(std::istream& file) {
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<Fields> records(1, Fields(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      records.back().back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      records.back().emplace_back();
    } else if (!quoted && c == '\n') {
      records.emplace_back(1);
    } else if (quoted || c != '\r') {
      records.back().back() += c;
    }
  }
  if (records.back() == Fields(1)) records.pop_back();
  return records;
}

std::string one_line(const std::string& text) {
  std::istringstream words(text);
  std::string result;
  for (std::string word; words >> word;) result += (result.empty() ? "" : " ") + word;
  return result;
}

PortRange parse_ports(const std::string& text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_unsigned<std::uint16_t>(text.substr(0, dash)).value();
  if (dash == std::string::npos) return {first, first};
  return {first, parse_unsigned<std::uint16_t>(text.substr(dash + 1)).value()};
}

// Name, ports, protocol, description, reference, unauthorized use, note: IANA's columns 0, 1, 2, 3, 8, 10, 11.
Fields key_of(const Fields& record) {
  Fields key;
  for (const std::size_t column : {0U, 1U, 2U, 3U, 8U, 10U, 11U}) key.push_back(one_line(record.at(column)));
  if (!key[1].empty()) key[1] = to_string(parse_ports(key[1]));  // "4748-4748" is on record
  return key;
}

Fields key_of(const Assignment& assignment) {
  const std::string ports = assignment.ports ? to_string(*assignment.ports) : "";
  const std::string protocol = assignment.protocol ? std::string(to_string(*assignment.protocol)) : "";
  Fields key{std::string(assignment.name), ports, protocol};
  for (const auto text : {assignment.description, assignment.reference, assignment.unauthorized_use, assignment.note}) {
    key.emplace_back(text);
  }
  return key;
}

bool holds(const std::vector<Assignment>& found, const Fields& key) {
  return std::ranges::any_of(found, [&](const Assignment& assignment) { return key_of(assignment) == key; });
}

void check_by_port(const Fields& key) {
  const PortRange range = parse_ports(key[1]);
  const auto middle = static_cast<std::uint16_t>((range.first + range.last) / 2);
  for (const std::uint16_t port : {range.first, middle, range.last}) {
    CHECK_MESSAGE(holds(find_by_port(port), key), key[0], " ", key[1], "/", key[2]);
  }
}

}  // namespace

TEST_CASE("every record of IANA's file is answered") {
  const char* path = std::getenv("TCPBOX_IANA_CSV");
  if (path == nullptr) {
    MESSAGE("skipped: TCPBOX_IANA_CSV does not name IANA's service-names-port-numbers.csv");
    return;
  }
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file, path);
  auto records = read_csv(file);
  REQUIRE(records.at(0).at(0) == "Service Name");
  records.erase(records.begin());
  REQUIRE(records.size() == record_count());

  std::map<Fields, int> balance;
  for (const Fields& record : records) {
    REQUIRE(record.size() == 12);
    const Fields key = key_of(record);
    ++balance[key];
    if (!key[1].empty()) check_by_port(key);
    if (!key[0].empty()) CHECK_MESSAGE(holds(find_by_name(key[0]), key), key[0]);
  }
  for (std::size_t i = 0; i < record_count(); ++i) --balance[key_of(record_at(i))];
  CHECK(std::ranges::all_of(balance, [](const auto& entry) { return entry.second == 0; }));
}
