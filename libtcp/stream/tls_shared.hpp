// SPDX-License-Identifier: MIT
// What a context and its transports share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/tls.hpp"
#include "libtcp/stream/tls_openssl.hpp"

namespace tcp::stream {

struct TlsShared {
  SslContextPtr context;
  const Clock* clock = nullptr;
  bool is_server = false;
  TlsVerified proof = TlsVerified::none;  // what a peer that got through has given, if it showed a certificate
  std::string peer_name;                  // a client's: who has to answer
  bool peer_is_address = false;
  std::vector<Sha256> pins;
  std::string pin_option;
  std::string alpn;  // as in the extension
  UniqueFd key_log;
  std::optional<Sha256> code;
};

using TlsSharedPtr = std::shared_ptr<TlsShared>;

[[nodiscard]] Result<std::unique_ptr<TlsTransport>> make_tls_transport(TlsSharedPtr shared, int socket,
                                                                       std::unique_ptr<Transport> below);

}  // namespace tcp::stream
