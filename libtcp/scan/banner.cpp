// SPDX-License-Identifier: MIT
#include "libtcp/scan/banner.hpp"

namespace tcp::scan {
namespace {

void append(std::string& text, std::string_view separator, std::string_view part) {
  if (part.empty()) return;
  if (!text.empty()) text += separator;
  text += part;
}

std::string http_text(const HttpFacts& http) {
  std::string text = "status " + std::to_string(http.status);
  if (http.title) text += ", \"" + *http.title + "\"";
  if (http.location) text += ", to " + *http.location;
  return text;
}

std::string tls_text(const TlsFacts& tls) {
  std::string text = tls.version;
  if (tls.alpn) text += ", ALPN " + *tls.alpn;
  if (tls.certificate) text += ", certificate " + tls.certificate->subject;
  return text;
}

std::string identified_text(const Banner& banner) {
  std::string text = banner.product;
  append(text, " ", banner.version);
  if (banner.http) append(text, ", ", http_text(*banner.http));
  append(text, ", ", banner.detail);
  if (banner.tls && banner.service == "tls") append(text, ", ", tls_text(*banner.tls));
  if (banner.tls_failure) append(text, ", ", *banner.tls_failure);
  std::string whole = banner.service;
  if (banner.tls && banner.service != "tls") whole += " over " + tls_text(*banner.tls);
  append(whole, ": ", text);
  return whole;
}

}  // namespace

std::string_view to_string(BannerOutcome outcome) noexcept {
  switch (outcome) {
    case BannerOutcome::identified: return "identified";
    case BannerOutcome::unknown: return "unknown";
    case BannerOutcome::mute: return "mute";
    case BannerOutcome::closed: return "closed";
    case BannerOutcome::reset: return "reset";
    case BannerOutcome::not_connected: return "not-connected";
    case BannerOutcome::not_asked: return "not-asked";
  }
  return "unknown";
}

std::string explain(const Banner& banner) {
  std::string text;
  switch (banner.outcome) {
    case BannerOutcome::identified: return identified_text(banner);
    case BannerOutcome::unknown: text = "says something unknown"; break;
    case BannerOutcome::mute: text = "accepts, says nothing"; break;
    case BannerOutcome::closed: text = "accepts, closes without a word"; break;
    case BannerOutcome::reset: text = "accepts, resets without a word"; break;
    case BannerOutcome::not_connected: text = "no second connection"; break;
    case BannerOutcome::not_asked: text = "not asked"; break;
  }
  append(text, ": ", banner.detail);
  return text;
}

}  // namespace tcp::scan
