// SPDX-License-Identifier: MIT
// tcpbox ports: what ports are registered for, what they are used for, and what this host does with them.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "cmd/command.hpp"
#include "cmd/options.hpp"
#include "cmd/ports_entry.hpp"
#include "cmd/ports_query.hpp"
#include "cmd/ports_text.hpp"
#include "libtcp/ports/search.hpp"

namespace tcp::cmd {
namespace {

class PortsCommand final : public Command {
 public:
  void define(CLI::App& app) override;
  Result<void> settle() override;
  Result<ExitCode> run(Context& context) override;

 private:
  Result<void> settle_protocols();
  Result<void> settle_range();

  std::vector<std::string> words_;
  std::string search_;
  std::string range_;
  std::string protocol_;
  OutputOptions output_;
  PortsQuery query_;
};

void PortsCommand::define(CLI::App& app) {
  app.add_option("PORT", words_, "Ports, ranges and service names: 443, 8000-8100, https or 22,80,imap");
  app.add_option("-s,--search", search_, "Services with every word of TEXT in their name, description or use")
      ->type_name("TEXT")
      ->group("Selection");
  app.add_option("-r,--range", range_, "Only ports of one range: well-known (system), registered (user) or dynamic")
      ->type_name("RANGE")
      ->group("Selection");
  app.add_option("-P,--protocol", protocol_, "tcp, udp, sctp, dccp or any; tcp unless --common is used")
      ->type_name("PROTOCOL")
      ->group("Selection");
  app.add_flag("-c,--common", query_.common, "Only the ports every administrator should recognise")->group("Selection");
  output_.define(app);
}

Result<void> PortsCommand::settle_protocols() {
  const bool any = protocol_ == "any" || (protocol_.empty() && query_.common);
  if (any) {
    query_.protocols.assign(ports::kProtocols.begin(), ports::kProtocols.end());
    return {};
  }
  const auto protocol = ports::parse_protocol(protocol_.empty() ? "tcp" : protocol_);
  if (!protocol) return usage_error("--protocol '" + protocol_ + "'", "must be tcp, udp, sctp, dccp or any");
  query_.protocols = {*protocol};
  return {};
}

Result<void> PortsCommand::settle_range() {
  if (range_.empty()) return {};
  query_.range = ports::find_range(range_);
  if (query_.range != nullptr) return {};
  return usage_error("--range '" + range_ + "'", "must be well-known (system), registered (user) or dynamic (private)");
}

Result<void> PortsCommand::settle() {
  TCP_TRY(output_.settle());
  TCP_TRY(settle_protocols());
  TCP_TRY(settle_range());
  for (const std::string& text : words_) {
    TCP_TRY_ASSIGN(words, ports::parse_port_words(text));
    query_.words.insert(query_.words.end(), words.begin(), words.end());
  }
  if (!search_.empty()) query_.search = search_;
  if (query_.search && !query_.words.empty()) return usage_error("--search and ports", "choose one of them");
  if (query_.words.empty() && !query_.search && query_.range == nullptr && !query_.common) {
    return usage_error("port", "none is given; name ports or services, or use --search, --range or --common");
  }
  return {};
}

ports::LocalServices read_local_services(const Context& context) {
  auto services = ports::read_services();
  if (services) return ports::LocalServices(std::move(*services));
  context.warn(services.error().message());
  return {};
}

// Only the protocols that are asked for, and only those that the kernel lists.
PortHost read_host(const Context& context, const PortsSelection& selection) {
  PortHost host(net::read_host_ports());
  for (const ports::Protocol protocol : {ports::Protocol::tcp, ports::Protocol::udp}) {
    const bool asked = std::ranges::any_of(selection.picks, [&](const PortsSelection::Pick& pick) {
      return std::ranges::find(pick.protocols, protocol) != pick.protocols.end();
    });
    if (!asked) continue;
    if (const auto listeners = sockets::list_listeners(protocol)) {
      host.add_listeners(protocol, *listeners);
    } else {
      context.warn(listeners.error().message());
    }
  }
  return host;
}

void say_what_is_amiss(const Context& context, const PortsSelection& selection, const PortHost& host, bool nothing) {
  for (const std::string& note : selection.notes) context.note(note);
  for (const auto& [name, near] : selection.unknown) {
    context.note("tcpbox: service '" + name + "': unknown" +
                 (near.empty() ? "" : "; did you mean '" + std::string(near.front()) + "'?"));
  }
  if (const std::size_t hidden = host.hidden_owners(); hidden > 0) {
    context.note("the owner" +
                 std::string(hidden == 1 ? " of 1 socket" : "s of " + std::to_string(hidden) + " sockets") +
                 " can be seen by root only");
  }
  if (nothing && selection.unknown.empty()) context.note("tcpbox: nothing matches");
}

// A search for something like a name may be a slip of the finger.
void suggest(PortsSelection& selection, const PortsQuery& query) {
  if (!query.search || !selection.picks.empty() || !selection.services.empty()) return;
  const auto near = ports::find_near_names(*query.search);
  if (!near.empty()) selection.unknown.push_back({*query.search, near});
}

Record make_summary(std::size_t ports, std::size_t services, const PortsSelection& selection, const PortHost& host) {
  Record summary("summary");
  summary.add("complete", true);
  summary.add("results", ports + services + selection.unknown.size());
  summary.add("unknown_names", selection.unknown.size());
  summary.add("hidden_owners", host.hidden_owners());
  return summary.add("registry_date", ports::registry_date());
}

Result<ExitCode> PortsCommand::run(Context& context) {
  output_.apply(context);
  const auto local = read_local_services(context);
  PortsSelection selection = select_ports(query_, local);
  suggest(selection, query_);
  PortHost host = read_host(context, selection);
  const auto answers = describe(selection, query_, local, host.cuts());
  host.find_owners(answers);

  const auto view = make_view(output_.format(), context.out, make_ports_text_view(context.out));
  view->start(make_run_record("ports", 1, context.arguments, to_rfc3339(context.clock.wall_now())));
  for (const auto& answer : answers) {
    if (context.out.failed()) break;
    view->result(to_record(answer, host, local));
  }
  for (const auto& service : selection.services) view->result(to_service_record(service));
  for (const auto& unknown : selection.unknown) view->result(to_unknown_record(unknown));
  view->summary(make_summary(answers.size(), selection.services.size(), selection, host));

  const bool nothing = answers.empty() && selection.services.empty();
  if (!context.out.failed()) say_what_is_amiss(context, selection, host, nothing);
  return nothing || !selection.unknown.empty() ? ExitCode::negative : ExitCode::done;
}

}  // namespace

std::unique_ptr<Command> make_ports_command() { return std::make_unique<PortsCommand>(); }

}  // namespace tcp::cmd
