// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_syn_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "cmd/escaped_text.hpp"
#include "libtcp/stream/socket_options.hpp"

namespace tcp::cmd {
namespace {

namespace control = packet::control;

constexpr std::uint8_t kMostShift = 14;         // RFC 7323 §2.3
constexpr std::uint16_t kLeastConnectMss = 88;  // what Linux takes for TCP_MAXSEG
constexpr std::uint16_t kMostConnectMss = 32767;

std::unexpected<Error> refuse(std::string_view option, const std::string& word, std::string why) {
  return usage_error(std::string(option) + " '" + word + "'", std::move(why));
}

using Given = std::pair<bool, const char*>;

template <std::size_t n>
std::string_view first_of(const std::array<Given, n>& given) {
  const auto* const found = std::ranges::find(given, true, &Given::first);
  return found == given.end() ? std::string_view() : found->second;
}

// What is part of a SYN's options or of what follows a SYN-ACK.
std::string_view first_that_needs_syn(const TraceSynWords& words) {
  return first_of(std::array{Given{!words.mss.empty(), "--mss"}, Given{!words.window_scale.empty(), "--window-scale"},
                             Given{words.no_sack, "--no-sack"}, Given{words.no_timestamps, "--no-timestamps"},
                             Given{words.fast_open, "--fastopen"}, Given{words.multipath, "--mptcp"},
                             Given{words.half_open, "--half-open"}, Given{!words.send.empty(), "--send"}});
}

Result<void> settle_flags(const TraceSynWords& words, trace::SynShape& shape) {
  if (words.ecn && words.accurate_ecn) return usage_error("--ecn and --accecn", "choose one");
  if (words.ecn) shape.ecn = trace::Ecn::classic;
  if (words.accurate_ecn) shape.ecn = trace::Ecn::accurate;
  if (words.flags.empty()) return {};
  if (shape.ecn != trace::Ecn::none) {
    return usage_error("--flags and " + std::string(words.ecn ? "--ecn" : "--accecn"),
                       "choose one: E, W and A are theirs");
  }
  const auto bits = packet::parse_control_bits(words.flags);
  if (!bits) return refuse("--flags", words.flags, "must be letters of SFRP.UEWA, each once; - for none");
  if ((*bits & control::rst) != 0) return refuse("--flags", words.flags, "nobody answers a segment with RST");
  shape.control_bits = *bits;
  const std::string_view idle = first_that_needs_syn(words);
  if (!shape.opens() && !idle.empty()) {
    return usage_error(std::string(idle) + " and --flags " + words.flags,
                       "such a segment opens nothing: it is sent bare");
  }
  return {};
}

Result<void> settle_numbers(const TraceSynWords& words, bool connect, trace::SynShape& shape) {
  const std::uint16_t least = connect ? kLeastConnectMss : 1;
  const std::uint16_t most = connect ? kMostConnectMss : 65535;
  TCP_TRY_ASSIGN(mss, settle_number<std::uint16_t>("--mss", words.mss, least, most));
  TCP_TRY_ASSIGN(window, settle_number<std::uint16_t>("--window", words.window, 0, 65535));
  TCP_TRY_ASSIGN(time_to_live, settle_number<std::uint8_t>("--ttl", words.time_to_live, 1, 255));
  shape.mss = mss;
  shape.window = window;
  if (time_to_live) shape.time_to_live = *time_to_live;
  if (words.window_scale == "none") {
    shape.window_scaling = false;
  } else if (!words.window_scale.empty()) {
    const auto shift = parse_unsigned<std::uint8_t>(words.window_scale);
    if (!shift || *shift > kMostShift) return refuse("--window-scale", words.window_scale, "must be 0 to 14, or none");
    shape.window_shift = *shift;
  }
  if (words.dscp.empty()) return {};
  auto code = stream::parse_dscp(words.dscp);
  if (!code) return in_option("--dscp", std::move(code).error());
  shape.dscp = *code;
  return {};
}

}  // namespace

void TraceSynWords::define(CLI::App& app) {
  const char* const group = "First segment";
  const auto option = [&](const char* name, std::string& word, const char* type, const char* text) {
    app.add_option(name, word, text)->type_name(type)->group(group);
  };
  const auto flag = [&](const char* name, bool& value, const char* text) {
    app.add_flag(name, value, text)->group(group);
  };
  option("--mss", mss, "BYTES", "Maximum segment size that the SYN offers (default: what the way allows)");
  option("--window", window, "BYTES", "Window field of the SYN (default: as Linux chooses)");
  option("--window-scale", window_scale, "SHIFT", "Window scale of the SYN, 0 to 14, or none");
  flag("--no-sack", no_sack, "Do not offer selective acknowledgment");
  flag("--no-timestamps", no_timestamps, "Send no timestamps");
  flag("--ecn", ecn, "Ask for ECN (RFC 3168)");
  flag("--accecn", accurate_ecn, "Ask for accurate ECN (RFC 9768)");
  flag("--fastopen", fast_open, "Ask for a Fast Open cookie (RFC 7413)");
  flag("--mptcp", multipath, "Ask for Multipath TCP (RFC 8684)");
  option("--ttl", time_to_live, "HOPS", "Time to live or hop limit of what we send (default 64)");
  option("--dscp", dscp, "NAME|N", "Mark packets: af11 to af43, cs0 to cs7, ef, 0 to 63");
  option("--source-port", source_port, "PORT", "Send from this port; further targets and probes from the next ones");
  option("--flags", flags, "LETTERS", "Control bits of the first segment, of SFP.UEWA (default S); - for none");
  app.add_flag("--half-open", half_open, "Never confirm the SYN-ACK: count how often it comes, then reset")
      ->group("Handshake");
  app.add_option("--send", send, "Say this once it is open, with \\r \\n \\t \\0 \\\\ \\xHH; the answer is counted")
      ->type_name("TEXT")
      ->group("Handshake");
}

std::string_view TraceSynWords::first_crafted() const {
  return first_of(std::array{Given{!window.empty(), "--window"}, Given{!window_scale.empty(), "--window-scale"},
                             Given{no_sack, "--no-sack"}, Given{no_timestamps, "--no-timestamps"}, Given{ecn, "--ecn"},
                             Given{accurate_ecn, "--accecn"}, Given{fast_open, "--fastopen"},
                             Given{multipath, "--mptcp"}, Given{!flags.empty(), "--flags"},
                             Given{half_open, "--half-open"}});
}

Result<void> settle(const TraceSynWords& words, bool connect, trace::TraceOptions& options) {
  if (connect && !words.first_crafted().empty()) {
    return usage_error(std::string(words.first_crafted()),
                       "has no use with --technique connect: the kernel makes those segments");
  }
  TCP_TRY(settle_flags(words, options.shape));
  TCP_TRY(settle_numbers(words, connect, options.shape));
  TCP_TRY_ASSIGN(source_port, settle_number<std::uint16_t>("--source-port", words.source_port, 1, 65535));
  options.source_port = source_port;
  options.shape.selective_ack = !words.no_sack;
  options.shape.timestamps = !words.no_timestamps;
  options.shape.fast_open = words.fast_open;
  options.shape.multipath = words.multipath;
  options.half_open = words.half_open;
  if (words.half_open && !words.send.empty()) {
    return usage_error("--half-open and --send", "choose one: nothing can be said before it is open");
  }
  auto payload = parse_escaped(words.send);
  if (!payload) return in_option("--send", std::move(payload).error());
  if (payload->size() > trace::kMostPayloadBytes) return usage_error("--send", "at most 1024 bytes");
  options.payload = std::move(*payload);
  return {};
}

}  // namespace tcp::cmd
