// SPDX-License-Identifier: MIT
// A socket as one JSON object ("type":"socket" of tcpbox.sockets/1), with every key whatever is known of it.
#pragma once

#include <string>

#include "cmd/sockets_names.hpp"
#include "libtcp/sockets/socket_row.hpp"

namespace tcp::cmd {

// What was asked for decides between "nobody" ([]) and "not told" (null).
struct SocketJsonOptions {
  bool holders = false;
  SocketNames* names = nullptr;
};

// Appends the object.
void append_json(std::string& out, const sockets::SocketRow& row, const SocketJsonOptions& options);

}  // namespace tcp::cmd
