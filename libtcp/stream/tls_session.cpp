// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_session.hpp"

namespace tcp::stream {

std::string_view to_string(TlsVerified verified) {
  switch (verified) {
    case TlsVerified::none: return "none";
    case TlsVerified::ca: return "ca";
    case TlsVerified::pin: return "pin";
    case TlsVerified::code: return "code";
  }
  return "unknown";
}

}  // namespace tcp::stream
