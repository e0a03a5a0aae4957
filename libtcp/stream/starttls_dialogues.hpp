// SPDX-License-Identifier: MIT
// The dialogues, one file each.
#pragma once

#include "libtcp/stream/starttls.hpp"

namespace tcp::stream {

// smtp, imap, pop3, ftp, nntp, sieve.
[[nodiscard]] std::unique_ptr<StartTlsDialogue> make_line_dialogue(StartTls protocol, const StartTlsNames& names);
[[nodiscard]] std::unique_ptr<StartTlsDialogue> make_ldap_dialogue();
[[nodiscard]] std::unique_ptr<StartTlsDialogue> make_xmpp_dialogue(const StartTlsNames& names);
[[nodiscard]] std::unique_ptr<StartTlsDialogue> make_postgres_dialogue();
[[nodiscard]] std::unique_ptr<StartTlsDialogue> make_mysql_dialogue();

}  // namespace tcp::stream
