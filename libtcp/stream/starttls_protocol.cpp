// SPDX-License-Identifier: MIT
#include "libtcp/stream/starttls_protocol.hpp"

#include <array>

namespace tcp::stream {
namespace {

struct Row {
  StartTls protocol;
  std::string_view name;
  bool server_first;
};

// In the order of the enumeration.
constexpr std::array kTable{
    Row{StartTls::smtp, "smtp", true},          Row{StartTls::imap, "imap", true},
    Row{StartTls::pop3, "pop3", true},          Row{StartTls::ftp, "ftp", true},
    Row{StartTls::ldap, "ldap", false},         Row{StartTls::xmpp, "xmpp", false},
    Row{StartTls::postgres, "postgres", false}, Row{StartTls::mysql, "mysql", true},
    Row{StartTls::nntp, "nntp", true},          Row{StartTls::sieve, "sieve", true},
};

const Row& row_of(StartTls protocol) noexcept { return kTable[static_cast<std::size_t>(protocol)]; }

}  // namespace

std::string_view to_string(StartTls protocol) { return row_of(protocol).name; }

std::string starttls_names() {
  std::string names;
  for (const Row& row : kTable) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

Result<StartTls> parse_starttls(std::string_view text) {
  for (const Row& row : kTable) {
    if (row.name == text) return row.protocol;
  }
  return make_error(Errc::invalid_input, "protocol '" + std::string(text) + "'", "must be one of " + starttls_names());
}

bool server_speaks_first(StartTls protocol) noexcept { return row_of(protocol).server_first; }

}  // namespace tcp::stream
