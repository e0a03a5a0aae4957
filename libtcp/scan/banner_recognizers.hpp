// SPDX-License-Identifier: MIT
// One function a protocol: the bytes of a server, told as what they are; and the questions that need building.
// Each judges the beginning of the bytes, so that a part of an answer is recognized too, with Next::wait.
#pragma once

#include <string>
#include <string_view>

#include "libtcp/scan/banner_finding.hpp"

namespace tcp::scan {

// HTTP and what is written like it.
[[nodiscard]] Recognition recognize_http(const Heard& heard);
[[nodiscard]] Recognition recognize_rtsp(const Heard& heard);
[[nodiscard]] Recognition recognize_sip(const Heard& heard);
[[nodiscard]] std::string ask_http(std::string_view host);

// Servers that greet.
[[nodiscard]] Recognition recognize_ssh(const Heard& heard);
[[nodiscard]] Recognition recognize_smtp_or_ftp(const Heard& heard);
[[nodiscard]] Recognition recognize_pop3(const Heard& heard);
[[nodiscard]] Recognition recognize_imap(const Heard& heard);
[[nodiscard]] Recognition recognize_nntp(const Heard& heard);
[[nodiscard]] Recognition recognize_irc(const Heard& heard);
[[nodiscard]] Recognition recognize_sieve(const Heard& heard);
[[nodiscard]] Recognition recognize_nats(const Heard& heard);
[[nodiscard]] Recognition recognize_rsync(const Heard& heard);
[[nodiscard]] Recognition recognize_vnc(const Heard& heard);
[[nodiscard]] Recognition recognize_telnet(const Heard& heard);
[[nodiscard]] Recognition recognize_chargen(const Heard& heard);
[[nodiscard]] Recognition recognize_echo(const Heard& heard);

// Stores.
[[nodiscard]] Recognition recognize_mysql(const Heard& heard);
[[nodiscard]] Recognition recognize_redis(const Heard& heard);
[[nodiscard]] std::string ask_redis(std::string_view host);
[[nodiscard]] Recognition recognize_postgresql(const Heard& heard);
[[nodiscard]] std::string ask_postgresql(std::string_view host);
[[nodiscard]] Recognition recognize_memcached(const Heard& heard);
[[nodiscard]] std::string ask_memcached(std::string_view host);
[[nodiscard]] Recognition recognize_mongodb(const Heard& heard);
[[nodiscard]] std::string ask_mongodb(std::string_view host);

// Binary protocols.
[[nodiscard]] Recognition recognize_tls(const Heard& heard);
[[nodiscard]] Recognition recognize_smb(const Heard& heard);
[[nodiscard]] std::string ask_smb(std::string_view host);
[[nodiscard]] Recognition recognize_rdp(const Heard& heard);
[[nodiscard]] std::string ask_rdp(std::string_view host);
[[nodiscard]] Recognition recognize_dns(const Heard& heard);
[[nodiscard]] std::string ask_dns(std::string_view host);
[[nodiscard]] Recognition recognize_ldap(const Heard& heard);
[[nodiscard]] std::string ask_ldap(std::string_view host);
[[nodiscard]] Recognition recognize_amqp(const Heard& heard);
[[nodiscard]] std::string ask_amqp(std::string_view host);
[[nodiscard]] Recognition recognize_mqtt(const Heard& heard);
[[nodiscard]] std::string ask_mqtt(std::string_view host);
[[nodiscard]] Recognition recognize_git(const Heard& heard);
[[nodiscard]] std::string ask_git(std::string_view host);

}  // namespace tcp::scan
