// SPDX-License-Identifier: MIT
// The protocols that begin in cleartext and can be asked for TLS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"

namespace tcp::stream {

enum class StartTls : std::uint8_t { smtp, imap, pop3, ftp, ldap, xmpp, postgres, mysql, nntp, sieve };

// As people type it.
[[nodiscard]] std::string_view to_string(StartTls protocol);
// "smtp, imap, …"
[[nodiscard]] std::string starttls_names();
// Errors: there is none of that name.
[[nodiscard]] Result<StartTls> parse_starttls(std::string_view text);

// Nothing may be sent before its greeting.
[[nodiscard]] bool server_speaks_first(StartTls protocol) noexcept;

}  // namespace tcp::stream
