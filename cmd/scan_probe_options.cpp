// SPDX-License-Identifier: MIT
#include "cmd/scan_probe_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "libtcp/base/parse.hpp"
#include "libtcp/packet/control_bit_names.hpp"

namespace tcp::cmd {
namespace {

constexpr std::uint16_t kSmallestSegment = 1;
constexpr std::uint16_t kHighestVlan = 4094;  // IEEE 802.1Q: 4095 is reserved

std::unexpected<Error> refuse(std::string_view option, const std::string& word, std::string why) {
  return usage_error(std::string(option) + " '" + word + "'", std::move(why));
}

// The first option that only segments of our own can obey.
std::string_view first_raw_option(const ScanProbeWords& words) {
  if (!words.flags.empty()) return "--flags";
  if (!words.segment_size.empty()) return "--mss";
  if (!words.time_to_live.empty()) return "--ttl";
  if (words.no_options) return "--no-options";
  if (!words.source_port.empty()) return "--source-port";
  if (!words.gateway_mac.empty()) return "--gateway-mac";
  if (!words.vlan.empty()) return "--vlan";
  return {};
}

Result<void> settle_technique(const ScanProbeWords& words, ScanProbeOptions& options) {
  if (words.technique == "list") {
    options.list_techniques = true;
    return {};
  }
  const std::string_view raw_option = first_raw_option(words);
  options.technique = scan::find_technique(words.technique);
  if (options.technique == nullptr && words.technique != "auto") {
    return refuse("--technique", words.technique, "must be " + scan::technique_names() + " or list");
  }
  if (options.technique == nullptr && !raw_option.empty()) options.technique = scan::find_technique("syn");
  if (options.technique == nullptr) return {};
  if (!options.technique->raw && !raw_option.empty()) {
    return usage_error(std::string(raw_option), "has no use with --technique connect: the kernel makes those segments");
  }
  options.shape.control_bits = options.technique->control_bits;
  return {};
}

Result<void> settle_flags(const ScanProbeWords& words, ScanProbeOptions& options) {
  if (words.flags.empty()) return {};
  const auto bits = packet::parse_control_bit_names(words.flags);
  if (!bits) {
    return refuse("--flags", words.flags,
                  "must be names between commas, of fin, syn, psh, ack, urg, ece, cwr, ae; or none");
  }
  const scan::Technique* reading = scan::technique_for(*bits);
  if (reading == nullptr) return refuse("--flags", words.flags, "nobody answers a segment with RST");
  if (words.technique == "auto") options.technique = reading;
  options.shape.control_bits = *bits;
  return {};
}

Result<void> settle_shape(const ScanProbeWords& words, ScanProbeOptions& options) {
  TCP_TRY_ASSIGN(segment_size, settle_number<std::uint16_t>("--mss", words.segment_size, kSmallestSegment, 65535));
  TCP_TRY_ASSIGN(time_to_live, settle_number<std::uint8_t>("--ttl", words.time_to_live, 1, 255));
  // RFC 9293 §3.7.1: the option is sent in segments with SYN only.
  if (segment_size && (options.shape.control_bits & packet::control::syn) == 0) {
    return usage_error("--mss", "only a probe with SYN carries it");
  }
  options.shape.maximum_segment_size = segment_size;
  if (time_to_live) options.shape.time_to_live = *time_to_live;
  options.shape.options = !words.no_options;
  return {};
}

Result<void> settle_way(const ScanProbeWords& words, ScanProbeOptions& options) {
  options.interface = words.interface;
  if (!words.source.empty()) {
    auto source = parse_ip_address(words.source);
    if (!source) return in_option("--source", std::move(source).error());
    options.source = source->unmapped();
    if (options.source->is_any() || options.source->is_multicast() || options.source->is_broadcast()) {
      return refuse("--source", words.source, "must be the address of one host");
    }
  }
  TCP_TRY_ASSIGN(source_port, settle_number<std::uint16_t>("--source-port", words.source_port, 1, 65535));
  options.source_port = source_port;
  if (!words.gateway_mac.empty()) {
    auto address = parse_mac_address(words.gateway_mac);
    if (!address) return in_option("--gateway-mac", std::move(address).error());
    options.gateway_mac = *address;
  }
  TCP_TRY_ASSIGN(vlan, settle_number<std::uint16_t>("--vlan", words.vlan, 0, kHighestVlan));
  options.vlan = vlan;
  // Who has an address behind a tag is asked behind the tag, which the kernel does for interfaces of its own only.
  if (vlan && !options.gateway_mac) return usage_error("--vlan", "needs --gateway-mac");
  return {};
}

}  // namespace

void ScanProbeWords::define(CLI::App& app) {
  const auto option = [&app](const char* name, std::string& word, const char* type, const std::string& text) {
    app.add_option(name, word, text)->type_name(type)->group("Probes");
  };
  option("--technique", technique, "WHICH",
         "How to probe: " + scan::technique_names() + "; list explains them (default auto: syn or connect)");
  option("--flags", flags, "NAMES", "Control bits of a probe: syn,ece,cwr; none for none");
  option("--mss", segment_size, "BYTES", "Maximum segment size that a SYN offers (default: what the way allows)");
  option("--ttl", time_to_live, "HOPS", "Time to live or hop limit of a probe (default 64)");
  app.add_flag("--no-options", no_options, "Send bare TCP headers (default: the options of a Linux SYN)")
      ->group("Probes");
  option("--source", source, "ADDRESS", "Send from this address (default: what the route prefers)");
  option("--source-port", source_port, "PORT", "Send the first try from this port, further ones from the next");
  option("--interface", interface, "NAME", "Send through this interface");
  option("--gateway-mac", gateway_mac, "MAC", "Send every frame to this link-layer address");
  option("--vlan", vlan, "ID", "Tag every frame with this VLAN");
}

Result<ScanProbeOptions> settle(const ScanProbeWords& words) {
  ScanProbeOptions options;
  TCP_TRY(settle_technique(words, options));
  if (options.list_techniques) return options;
  TCP_TRY(settle_flags(words, options));
  TCP_TRY(settle_shape(words, options));
  TCP_TRY(settle_way(words, options));
  return options;
}

std::string to_string(const ScanProbeOptions& options) {
  const auto or_default = [](const auto& value, auto text_of) { return value ? text_of(*value) : "default"; };
  const auto decimal = [](std::uint16_t number) { return std::to_string(number); };
  const scan::ProbeShape& shape = options.shape;
  return fmt::format("bits {}, mss {}, ttl {}, options {}, source {}, port {}, interface {}, gateway {}, vlan {}",
                     shape.control_bits, or_default(shape.maximum_segment_size, decimal), shape.time_to_live,
                     shape.options, or_default(options.source, [](const IpAddress& a) { return tcp::to_string(a); }),
                     or_default(options.source_port, decimal),
                     options.interface.empty() ? "default" : options.interface,
                     or_default(options.gateway_mac, [](const MacAddress& mac) { return tcp::to_string(mac); }),
                     or_default(options.vlan, decimal));
}

}  // namespace tcp::cmd
