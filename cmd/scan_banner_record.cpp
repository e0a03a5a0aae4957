// SPDX-License-Identifier: MIT
#include "cmd/scan_banner_record.hpp"

#include <algorithm>

#include "cmd/output/terminal.hpp"
#include "cmd/scan_words.hpp"
#include "libtcp/base/sanitize.hpp"
#include "libtcp/scan/banner.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostShown = 256;  // bytes of the banner, in text
constexpr std::size_t kIndent = 4;
constexpr std::size_t kLeastRoom = 20;

Value to_value(const scan::HttpFacts& http) {
  Record record;
  record.add("status", http.status)
      .add("status_line", http.status_line)
      .add("server", http.server)
      .add("title", http.title)
      .add("location", http.location);
  return record;
}

Value to_value(const scan::TlsCertificateFacts& certificate) {
  Record record;
  record.add("subject", certificate.subject)
      .add("issuer", certificate.issuer)
      .add("names", List(certificate.names.begin(), certificate.names.end()))
      .add("not_after", to_rfc3339(certificate.not_after))
      .add("sha256", certificate.sha256);
  return record;
}

Value to_value(const scan::TlsFacts& tls) {
  Record record;
  record.add("version", tls.version)
      .add("cipher", tls.cipher)
      .add("alpn", tls.alpn)
      .add("certificate", tls.certificate ? to_value(*tls.certificate) : Value(nullptr));
  return record;
}

// Whether the explanation leaves out what the service said.
bool says_more(const Record& banner) {
  if (banner["outcome"].text() == "unknown") return true;
  for (const char* key : {"product", "version", "detail", "http", "tls"}) {
    if (!banner[key].is_null()) return false;
  }
  return banner["service"].text() != "chargen" && banner["service"].text() != "echo";
}

std::string indented(const std::string& text, std::size_t width) {
  const std::size_t room = std::max(width, kIndent + kLeastRoom) - kIndent;
  std::string lines;
  for (const char c : std::string(kIndent, ' ') + wrap(text, room) + "\n") {
    if (lines.ends_with('\n')) lines.append(kIndent, ' ');
    lines += c;
  }
  return lines;
}

}  // namespace

Value banner_of(const scan::Banner* known) {
  if (known == nullptr) return nullptr;
  const scan::Banner& banner = *known;
  Record record;
  record.add("outcome", scan::to_string(banner.outcome))
      .add("service", text_or_null(banner.service))
      .add("product", text_or_null(banner.product))
      .add("version", text_or_null(banner.version))
      .add("detail", text_or_null(banner.detail))
      .add("explanation", scan::explain(banner))
      .add("asked", text_or_null(banner.asked))
      .add_bytes("banner", banner.bytes)
      .add("received_bytes", banner.received_bytes)
      .add("http", banner.http ? to_value(*banner.http) : Value(nullptr))
      .add("tls", banner.tls ? to_value(*banner.tls) : Value(nullptr))
      .add("tls_failure", banner.tls_failure)
      .add("elapsed_us", microseconds(banner.elapsed));
  return record;
}

bool is_identified(const scan::Banner* banner) noexcept {
  return banner != nullptr && banner->outcome == scan::BannerOutcome::identified;
}

std::string service_of(std::uint16_t port, const scan::Banner* banner) {
  return is_identified(banner) && !banner->service.empty() ? banner->service : service_text(port);
}

std::string version_of(const scan::Banner* banner) {
  if (!is_identified(banner)) return {};
  std::string text = banner->product;
  if (!banner->version.empty()) text += (text.empty() ? "" : " ") + banner->version;
  if (!banner->detail.empty()) text += (text.empty() ? "(" : " (") + banner->detail + ")";
  return to_valid_utf8(text);
}

std::string said_by(const scan::Banner* banner) {
  if (banner == nullptr) return {};
  return to_valid_utf8({reinterpret_cast<const char*>(banner->bytes.data()), banner->bytes.size()});
}

std::string explanation_of(const scan::Banner* banner) {
  return banner == nullptr ? std::string() : to_valid_utf8(scan::explain(*banner));
}

std::string banner_lines(const scan::Banner* known, bool verbose, std::size_t width) {
  const Value value = banner_of(known);
  const Record* banner = value.record();
  if (banner == nullptr) return {};
  std::string lines = indented(sanitize((*banner)["explanation"].text()), width);
  const std::string* said = (*banner)["banner"].string();
  if (said == nullptr || said->empty() || (!verbose && !says_more(*banner))) return lines;
  // Cut where a character begins.
  std::size_t end = std::min(said->size(), kMostShown);
  while (end < said->size() && end > 0 && (static_cast<unsigned char>((*said)[end]) & 0xc0) == 0x80) --end;
  lines += indented("\"" + sanitize(said->substr(0, end)) + (end < said->size() ? "\"..." : "\""), width);
  return lines;
}

}  // namespace tcp::cmd
