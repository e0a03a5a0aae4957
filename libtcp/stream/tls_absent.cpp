// SPDX-License-Identifier: MIT
// In place of the other files of TLS where OpenSSL was not there at configure time.
#include "libtcp/stream/tls.hpp"
#include "libtcp/stream/tls_digest.hpp"
#include "libtcp/stream/tls_inspect.hpp"

namespace tcp::stream {

bool has_tls() noexcept { return false; }

Result<std::unique_ptr<TlsContext>> make_tls_client(const TlsClientOptions&, const std::string&, const Clock&) {
  return make_error(Errc::unsupported, "TLS", "this build has none: OpenSSL was not there when it was made");
}

Result<std::unique_ptr<TlsContext>> make_tls_server(const TlsServerOptions&, const Clock&) {
  return make_error(Errc::unsupported, "TLS", "this build has none: OpenSSL was not there when it was made");
}

Result<std::string> hex_digest(DigestHash, std::string_view) {
  return make_error(Errc::unsupported, "digest authentication",
                    "needs OpenSSL, which was not there when this was made");
}

Result<std::unique_ptr<TlsInspector>> make_tls_inspector(const Clock&) {
  return make_error(Errc::unsupported, "TLS", "this build has none: OpenSSL was not there when it was made");
}

struct Sha256Stream::State {};
Sha256Stream::Sha256Stream() = default;
Sha256Stream::Sha256Stream(const Sha256Stream&) {}
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream) noexcept { return *this; }
Sha256Stream::~Sha256Stream() = default;
bool Sha256Stream::ok() const noexcept { return false; }
void Sha256Stream::restart() {}
void Sha256Stream::update(std::span<const std::byte>) {}
Sha256 Sha256Stream::digest() const { return {}; }

Result<Sha256> stretch_code(std::string_view, std::string_view) {
  return make_error(Errc::unsupported, "--code", "needs OpenSSL, which was not there when this was made");
}

Result<std::uint32_t> random_below(std::uint32_t) {
  return make_error(Errc::unsupported, "draw a random number", "needs OpenSSL, which was not there when this was made");
}

}  // namespace tcp::stream
