// SPDX-License-Identifier: MIT
// write_frames FILE writes the frames of frames.hpp into one pcapng with an interface for each link type and prints
// their names in order. write_frames --corpus DIRECTORY writes each frame into a file of its own behind the two bytes
// of its link type: what fuzz_decode reads.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <vector>

#include "tests/support/frames.hpp"

namespace {

using tcp::test::Frame;
using tcp::test::LinkType;
using tcp::test::Octets;

void put(std::ofstream& file, const Octets& bytes) {
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void put_u32(std::ofstream& file, std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  file.write(reinterpret_cast<const char*>(&number), sizeof number);
}

// A pcapng block: type, length, body padded to 32 bits, length again.
void put_block(std::ofstream& file, std::uint32_t type, const std::vector<std::uint32_t>& fields, Octets data = {}) {
  data.resize((data.size() + 3) / 4 * 4);
  const std::size_t length = 12 + 4 * fields.size() + data.size();
  put_u32(file, type);
  put_u32(file, length);
  for (const std::uint32_t field : fields) put_u32(file, field);
  put(file, data);
  put_u32(file, length);
}

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kEnhancedPacket = 6;

bool write_savefile(const char* path) {
  std::ofstream file(path, std::ios::binary);
  put_block(file, kSectionHeader, {0x1a2b3c4d, 1, 0xffffffff, 0xffffffff});
  std::map<LinkType, std::uint32_t> interfaces;
  std::uint32_t microseconds = 0;
  for (const Frame& frame : tcp::test::sample_frames()) {
    const auto [interface, is_new] = interfaces.try_emplace(frame.link, static_cast<std::uint32_t>(interfaces.size()));
    if (is_new) put_block(file, kInterface, {static_cast<std::uint32_t>(frame.link), 0});
    const auto length = static_cast<std::uint32_t>(frame.bytes.size());
    put_block(file, kEnhancedPacket, {interface->second, 0, ++microseconds, length, length}, frame.bytes);
    std::puts(frame.name.c_str());
  }
  return file.good();
}

bool write_corpus(const std::filesystem::path& directory) {
  bool good = true;
  for (const Frame& frame : tcp::test::sample_frames()) {
    const auto link_type = static_cast<std::uint16_t>(frame.link);
    std::ofstream file(directory / frame.name, std::ios::binary);
    put(file, {static_cast<std::uint8_t>(link_type >> 8), static_cast<std::uint8_t>(link_type)});
    put(file, frame.bytes);
    good = good && file.good();
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return write_savefile(argv[1]) ? 0 : 1;
  if (argc == 3 && std::string_view(argv[1]) == "--corpus") return write_corpus(argv[2]) ? 0 : 1;
  std::fputs("usage: write_frames FILE | --corpus DIRECTORY\n", stderr);
  return 2;
}
