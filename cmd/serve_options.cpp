// SPDX-License-Identifier: MIT
#include "cmd/serve_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <variant>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/escaped_text.hpp"

namespace tcp::cmd {
namespace {

using Service = std::variant<stream::HubKind, stream::ServeOptions, stream::ProxyServerKind>;

Result<Service> make_file(const std::string& path) { return stream::ServeFile{path}; }

Result<Service> make_banner(const std::string& text) {
  auto bytes = parse_escaped(text);
  if (!bytes) return in_option("--serve banner", std::move(bytes).error());
  return stream::ServeBanner{std::string(bytes->begin(), bytes->end())};
}

Result<Service> make_http(const std::string& directory) {
  stream::ServeHttp http;
  http.directory = directory;
  return http;
}

template <stream::HubKind kind>
Result<Service> make_hub(const std::string&) {
  return kind;
}

template <stream::ProxyServerKind kind>
Result<Service> make_proxy(const std::string&) {
  return kind;
}

struct ServiceRow {
  std::string_view name;
  std::string_view argument;  // what follows the name and a colon; empty: nothing does
  Result<Service> (*make)(const std::string& argument);
  bool implies_keep_open = false;
  bool is_relayed = false;
};

constexpr std::array kServices{
    ServiceRow{"echo", "", make_hub<stream::HubKind::echo>},
    ServiceRow{"discard", "", make_hub<stream::HubKind::discard>},
    ServiceRow{"chargen", "", make_hub<stream::HubKind::chargen>},
    ServiceRow{"daytime", "", make_hub<stream::HubKind::daytime>},
    ServiceRow{"file", "PATH", make_file, false, true},
    ServiceRow{"banner", "TEXT", make_banner, false, true},
    ServiceRow{"http", "DIR", make_http, true, false},
    ServiceRow{"http-proxy", "", make_proxy<stream::ProxyServerKind::http>, true, true},
    ServiceRow{"socks", "", make_proxy<stream::ProxyServerKind::socks>, true, true},
};

std::string usage_of(const ServiceRow& row) {
  std::string usage(row.name);
  if (!row.argument.empty()) usage += ":" + std::string(row.argument);
  return usage;
}

// "echo, discard or banner:TEXT"
std::string all_usages() {
  std::string text;
  for (const ServiceRow& row : kServices) {
    if (&row != kServices.begin()) text += &row + 1 == kServices.end() ? " or " : ", ";
    text += usage_of(row);
  }
  return text;
}

std::unexpected<Error> unknown(const std::string& word, const std::string& name) {
  std::vector<std::string_view> names;
  for (const ServiceRow& row : kServices) names.push_back(row.name);
  const std::string_view meant = did_you_mean(name, names);
  std::string why = "must be " + all_usages();
  if (!meant.empty())
    why += "; did you mean '" + usage_of(*std::ranges::find(kServices, meant, &ServiceRow::name)) + "'?";
  return usage_error("--serve '" + word + "'", std::move(why));
}

}  // namespace

void ServeWords::define(CLI::App& app) {
  app.add_option("--serve", word_, "Be a service: " + all_usages())
      ->type_name("SERVICE")
      ->check(refuse_empty)
      ->group("Joined with");
  app.add_flag("--http-listing", http_listing_, "With --serve http: show what is in a directory without index.html")
      ->group("Joined with");
  app.add_option("--http-timeout", http_timeout_,
                 "With --serve http: how long a request may take to come; 10s by default")
      ->type_name("DURATION")
      ->group("Joined with");
}

Result<void> ServeWords::settle() {
  if (word_.empty()) return settle_http();
  const std::size_t colon = word_.find(':');
  const std::string name = word_.substr(0, colon);
  const auto* const row = std::ranges::find(kServices, name, &ServiceRow::name);
  if (row == kServices.end()) return unknown(word_, name);
  const std::string argument = colon == std::string::npos ? "" : word_.substr(colon + 1);
  if (row->argument.empty() && colon != std::string::npos) {
    return usage_error("--serve '" + word_ + "'", std::string(row->name) + " takes nothing after it");
  }
  if (!row->argument.empty() && argument.empty()) {
    return usage_error("--serve '" + word_ + "'", "must be " + usage_of(*row));
  }
  TCP_TRY_ASSIGN(made, row->make(argument));
  if (const auto* kind = std::get_if<stream::HubKind>(&made)) {
    hub = *kind;
  } else if (const auto* server = std::get_if<stream::ProxyServerKind>(&made)) {
    proxy = *server;
  } else {
    service = std::get<stream::ServeOptions>(std::move(made));
  }
  implies_keep_open_ = row->implies_keep_open;
  is_relayed_ = row->is_relayed;
  return settle_http();
}

Result<void> ServeWords::settle_http() {
  auto* const http = service ? std::get_if<stream::ServeHttp>(&*service) : nullptr;
  if (http == nullptr) {
    if (http_listing_) return usage_error("--http-listing", "needs --serve http:DIR");
    if (!http_timeout_.empty()) return usage_error("--http-timeout", "needs --serve http:DIR");
    return {};
  }
  http->lists = http_listing_;
  TCP_TRY_ASSIGN(timeout, settle_duration("--http-timeout", http_timeout_, http->head_timeout));
  if (timeout <= Duration()) return usage_error("--http-timeout '" + http_timeout_ + "'", "must be longer than that");
  http->head_timeout = timeout;
  return {};
}

}  // namespace tcp::cmd
