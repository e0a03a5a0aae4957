// SPDX-License-Identifier: MIT
#include "libtcp/packet/linux_cooked.hpp"

namespace tcp::packet {

LinuxCookedHeader parse_linux_cooked_v1(Reader& reader, ParseError& error) {
  LinuxCookedHeader header;
  header.packet_type = reader.u16();
  header.device_type = reader.u16();
  header.address_length = reader.u16();
  reader.copy(header.address);
  header.protocol = reader.u16();
  error = reader.ok() ? ParseError::none : ParseError::truncated;
  return header;
}

bool serialize_v1(Writer& writer, const LinuxCookedHeader& header) {
  writer.u16(header.packet_type);
  writer.u16(header.device_type);
  writer.u16(header.address_length);
  writer.bytes(header.address);
  writer.u16(header.protocol);
  return writer.ok();
}

LinuxCookedHeader parse_linux_cooked_v2(Reader& reader, ParseError& error) {
  LinuxCookedHeader header;
  header.protocol = reader.u16();
  reader.skip(2);
  header.interface_index = reader.u32();
  header.device_type = reader.u16();
  header.packet_type = reader.u8();
  header.address_length = reader.u8();
  reader.copy(header.address);
  error = reader.ok() ? ParseError::none : ParseError::truncated;
  return header;
}

bool serialize_v2(Writer& writer, const LinuxCookedHeader& header) {
  writer.u16(header.protocol);
  writer.u16(0);
  writer.u32(header.interface_index);
  writer.u16(header.device_type);
  writer.u8(static_cast<std::uint8_t>(header.packet_type));
  writer.u8(static_cast<std::uint8_t>(header.address_length));
  writer.bytes(header.address);
  return writer.ok();
}

}  // namespace tcp::packet
