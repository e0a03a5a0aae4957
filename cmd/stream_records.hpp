// SPDX-License-Identifier: MIT
// The events of `listen` and `connect` as records and as lines of text.
#pragma once

#include <string>

#include "cmd/output/record.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::cmd {

[[nodiscard]] Record to_record(const stream::Address& listening);
[[nodiscard]] Record to_record(const stream::AttemptFailed& event);
[[nodiscard]] Record to_record(const stream::RetryPlanned& event);
[[nodiscard]] Record to_record(const stream::PortChecked& event);
[[nodiscard]] Record to_record(const stream::CertificateMade& event);
[[nodiscard]] Record to_record(const stream::HandshakeFailed& event);
[[nodiscard]] Record to_record(const stream::Connected& event);
[[nodiscard]] Record to_record(const stream::Forwarded& event);
[[nodiscard]] Record to_record(const stream::Served& event);
[[nodiscard]] Record to_record(const stream::HttpAnswered& event);
[[nodiscard]] Record to_record(const stream::ProxyRequested& event);
[[nodiscard]] Record to_record(const stream::Closed& event);
[[nodiscard]] Record to_record(const stream::ChildLine& event);
[[nodiscard]] Record to_record(const stream::Rejected& event);
[[nodiscard]] Record to_warning_record(const Error& error);

[[nodiscard]] std::string describe(const stream::RetryPlanned& event);
// "example.org:443 open"
[[nodiscard]] std::string describe(const stream::PortChecked& event);
[[nodiscard]] std::string describe(const stream::CertificateMade& event);
[[nodiscard]] std::string describe(const stream::Connected& event);
[[nodiscard]] std::string describe(const stream::Forwarded& event);
[[nodiscard]] std::string describe(const stream::Served& event);
[[nodiscard]] std::string describe(const stream::HttpAnswered& event);
[[nodiscard]] std::string describe(const stream::ProxyRequested& event);
[[nodiscard]] std::string describe(const stream::Closed& event);
[[nodiscard]] std::string describe(const stream::ChildExit& exit);
[[nodiscard]] std::string describe(const stream::ChildLine& event);
[[nodiscard]] std::string describe(const stream::Rejected& event);
[[nodiscard]] std::string describe(const stream::TcpStatistics& statistics);

}  // namespace tcp::cmd
