// SPDX-License-Identifier: MIT
#include "libtcp/scan/banner_protocols.hpp"

#include <algorithm>
#include <array>

#include "libtcp/ports/registry.hpp"
#include "libtcp/scan/banner_recognizers.hpp"

namespace tcp::scan {
namespace {

// In the order in which questions are asked where the port's name says nothing: the most widespread first. Among
// recognizers, those whose mark is long and of one protocol only come first.
constexpr std::array kProtocols{
    BannerProtocol{"http",
                   " http http-alt http-mgmt http-proxy webcache ipp splunkd couchdb winrm wsman docker docker-s "
                   "kubernetes-api kubelet elasticsearch prometheus cockpit etcd-client ",
                   ask_http, recognize_http},
    BannerProtocol{"tls", "", nullptr, recognize_tls, true},
    BannerProtocol{"ssh", " ssh ", nullptr, recognize_ssh},
    BannerProtocol{"mysql", " mysql ", nullptr, recognize_mysql},
    BannerProtocol{"redis", " redis ", ask_redis, recognize_redis},
    BannerProtocol{"memcached", " memcache memcached ", ask_memcached, recognize_memcached},
    BannerProtocol{"postgresql", " postgresql postgres ", ask_postgresql, recognize_postgresql},
    BannerProtocol{"mongodb", " mongodb ", ask_mongodb, recognize_mongodb},
    BannerProtocol{"rdp", " rdp ms-wbt-server ", ask_rdp, recognize_rdp},
    BannerProtocol{"smb", " smb microsoft-ds netbios-ssn ", ask_smb, recognize_smb},
    BannerProtocol{"dns", " domain dns domain-s ", ask_dns, recognize_dns},
    BannerProtocol{"ldap", " ldap ldaps msft-gc msft-gc-ssl ", ask_ldap, recognize_ldap},
    BannerProtocol{"mqtt", " mqtt mqtts secure-mqtt ", ask_mqtt, recognize_mqtt},
    BannerProtocol{"git", " git ", ask_git, recognize_git},
    BannerProtocol{"amqp", " amqp amqps ", ask_amqp, recognize_amqp},
    BannerProtocol{"rtsp", " rtsp ", nullptr, recognize_rtsp},
    BannerProtocol{"sip", " sip sips ", nullptr, recognize_sip},
    BannerProtocol{"vnc", " vnc rfb ", nullptr, recognize_vnc},
    BannerProtocol{"rsync", " rsync ", nullptr, recognize_rsync},
    BannerProtocol{"nats", " nats ", nullptr, recognize_nats},
    BannerProtocol{"sieve", " sieve ", nullptr, recognize_sieve},
    BannerProtocol{"imap", " imap imaps ", nullptr, recognize_imap},
    BannerProtocol{"pop3", " pop3 pop3s ", nullptr, recognize_pop3},
    BannerProtocol{"nntp", " nntp nntps ", nullptr, recognize_nntp},
    BannerProtocol{"smtp", " smtp submission submissions ftp ftps ", nullptr, recognize_smtp_or_ftp},
    BannerProtocol{"irc", " irc ircu ircs ircs-u ", nullptr, recognize_irc},
    BannerProtocol{"telnet", " telnet telnets ", nullptr, recognize_telnet},
    BannerProtocol{"chargen", " chargen ", nullptr, recognize_chargen},
    BannerProtocol{"echo", " echo ", nullptr, recognize_echo},
};

constexpr const BannerProtocol& kHttp = kProtocols[0];
constexpr const BannerProtocol& kTls = kProtocols[1];

// Names whose conversation begins with TLS, beside those that say so.
constexpr std::string_view kTlsServices =
    " submissions imaps pop3s nntps ircs ircs-u ldaps msft-gc-ssl ftps telnets domain-s mqtts secure-mqtt amqps sips "
    "docker-s "
    "kubernetes-api kubelet winrm-https ";

bool is_listed(std::string_view services, std::string_view name) {
  return !name.empty() && services.contains(" " + std::string(name) + " ");
}

bool usually_speaks_tls(std::string_view name) {
  return is_listed(kTlsServices, name) || name.contains("https") || name.contains("tls") || name.contains("ssl");
}

const BannerProtocol* usual_protocol(std::string_view name) {
  const auto found =
      std::ranges::find_if(kProtocols, [&](const BannerProtocol& row) { return is_listed(row.usual_services, name); });
  if (found != kProtocols.end()) return &*found;
  return name.contains("http") ? &kHttp : nullptr;
}

bool has_question(const BannerProtocol& row) { return row.question != nullptr || row.tls; }

}  // namespace

std::span<const BannerProtocol> banner_protocols() noexcept { return kProtocols; }

Recognition recognize(const Heard& heard) {
  for (const BannerProtocol& row : kProtocols) {
    if (auto finding = row.recognize(heard)) return finding;
  }
  return std::nullopt;
}

BannerPlan plan_banner(std::uint16_t port) {
  const std::string_view name = ports::service_name(port, ports::Protocol::tcp);
  const bool tls = usually_speaks_tls(name);
  const BannerProtocol* usual = usual_protocol(name);
  const bool greets = usual != nullptr && !has_question(*usual) && usual->name != "echo";
  BannerPlan plan;
  plan.client_first = tls || (usual != nullptr && !greets);
  plan.greeting_in_tls = tls && greets;
  plan.inside_tls = usual != nullptr && usual->question != nullptr ? usual : &kHttp;
  if (tls) plan.questions.push_back(&kTls);
  if (!tls && usual != nullptr && has_question(*usual)) plan.questions.push_back(usual);
  for (const BannerProtocol& row : kProtocols) {
    if (has_question(row) && std::ranges::find(plan.questions, &row) == plan.questions.end()) {
      plan.questions.push_back(&row);
    }
  }
  return plan;
}

}  // namespace tcp::scan
