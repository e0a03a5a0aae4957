// SPDX-License-Identifier: MIT
#include "libtcp/sockets/state_record.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "libtcp/base/parse.hpp"

namespace tcp::sockets {
namespace {

// "16" of "…;	offset:16;	size:4;…" for "offset:".
std::optional<std::uint16_t> number_after(std::string_view line, std::string_view label) {
  const std::size_t at = line.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + label.size());
  return parse_unsigned<std::uint16_t>(line.substr(0, line.find(';')));
}

// "saddr" of "	field:__u8 saddr[4];	offset:…"; empty when the line describes no field.
std::string_view name_of(std::string_view line) {
  const std::size_t at = line.find("field:");
  if (at == std::string_view::npos) return {};
  std::string_view declaration = line.substr(at, line.find(';', at) - at);
  declaration = declaration.substr(0, declaration.find('['));
  return declaration.substr(declaration.find_last_of(" *") + 1);
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace

const std::array<StateRecordFormat::Place, StateRecordFormat::kFields> StateRecordFormat::kPlaces = {{
    {"skaddr", sizeof(void*)},
    {"oldstate", 4},
    {"newstate", 4},
    {"sport", 2},
    {"dport", 2},
    {"family", 2},
    {"protocol", 2},
    {"saddr", 4},
    {"daddr", 4},
    {"saddr_v6", 16},
    {"daddr_v6", 16},
}};

Result<StateRecordFormat> StateRecordFormat::parse(std::string_view text) {
  StateRecordFormat format;
  std::size_t found = 0;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const auto* place = std::ranges::find(kPlaces, name_of(line), &Place::name);
    if (place == kPlaces.end()) continue;
    const auto offset = number_after(line, "offset:");
    const auto size = number_after(line, "size:");
    if (!offset || size != place->size) {
      return make_error(Errc::malformed, "read a tracepoint's format", "field " + std::string(place->name));
    }
    format.offsets_[static_cast<std::size_t>(place - kPlaces.begin())] = *offset;
    format.end_ = std::max(format.end_, std::size_t{*offset} + *size);
    ++found;
  }
  if (found == kFields) return format;
  return make_error(Errc::malformed, "read a tracepoint's format", "a field is missing or comes twice");
}

std::span<const std::uint8_t> StateRecordFormat::bytes_of(std::span<const std::uint8_t> record, Field field) const {
  return record.subspan(offsets_[field], kPlaces[field].size);
}

template <class T>
T StateRecordFormat::value_of(std::span<const std::uint8_t> record, Field field) const {
  T value{};
  const auto bytes = bytes_of(record, field);
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

IpAddress StateRecordFormat::address_of(std::span<const std::uint8_t> record, Field v4, Field v6) const {
  if (value_of<std::uint16_t>(record, family) == AF_INET)
    return IpAddress::v4(ntohl(value_of<std::uint32_t>(record, v4)));
  return IpAddress::v6(value_of<std::array<std::uint8_t, 16>>(record, v6));
}

std::optional<StateChange> StateRecordFormat::read(std::span<const std::uint8_t> record) const {
  if (record.size() < end_ || value_of<std::uint16_t>(record, protocol) != IPPROTO_TCP) return std::nullopt;
  const auto its_family = value_of<std::uint16_t>(record, family);
  if (its_family != AF_INET && its_family != AF_INET6) return std::nullopt;
  const auto before = value_of<std::uint32_t>(record, old_state);
  const auto after = value_of<std::uint32_t>(record, new_state);
  constexpr auto kLast = static_cast<std::uint32_t>(TcpState::bound_inactive);
  if (before == 0 || before > kLast || after == 0 || after > kLast) return std::nullopt;
  StateChange change;
  change.kernel_socket = value_of<std::uint64_t>(record, socket);
  change.ends.local = {address_of(record, local_v4, local_v6), value_of<std::uint16_t>(record, local_port)};
  change.ends.remote = {address_of(record, remote_v4, remote_v6), value_of<std::uint16_t>(record, remote_port)};
  change.old_state = static_cast<TcpState>(before);
  change.new_state = static_cast<TcpState>(after);
  return change;
}

}  // namespace tcp::sockets
