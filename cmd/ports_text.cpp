// SPDX-License-Identifier: MIT
#include "cmd/ports_text.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "cmd/output/table.hpp"
#include "libtcp/base/sanitize.hpp"
#include "libtcp/ports/text.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kLabelWidth = 18;
constexpr std::size_t kMostListeners = 8;  // addresses shown of one process in the detail view

std::string ports_of(const Record& record) {
  if (record.type() == "service") return "-";
  const bool single = record.type() == "port";
  const std::string number = single ? record["port"].text() : record["first"].text() + "-" + record["last"].text();
  return number + "/" + (record["protocol"].is_null() ? "any" : record["protocol"].text());
}

std::string text_of(const Record& record, std::string_view key) {
  return record[key].is_null() ? std::string() : record[key].text();
}

bool is(const Record& record, std::string_view key) {
  const bool* value = std::get_if<bool>(&record[key].data);
  return value != nullptr && *value;
}

std::span<const Value> list_of(const Record& record, std::string_view key) {
  const List* list = record[key].list();
  return list == nullptr ? std::span<const Value>() : std::span<const Value>(*list);
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(between)) + part;
  return text;
}

// "nginx (pid 812)", or what can be said without its name
std::string process_of(const Record& listener) {
  if (listener["process"].is_null()) return "a process of user " + listener["user_id"].text();
  return sanitize(listener["process"].text()) + " (pid " + listener["pid"].text() + ")";
}

std::string local_address(const Record& listener) {
  const std::string address = listener["address"].text();
  return (address.contains(':') ? "[" + address + "]" : address) + ":" + listener["port"].text();
}

// --- one answer in detail

class Detail {
 public:
  explicit Detail(const Terminal& terminal) : terminal_(terminal) {}

  void title(const Record& record) {
    text_ = paint(terminal_, Style::bold, ports_of(record) + "  " + sanitize(text_of(record, "name"))) + "\n\n";
    if (record["name"].is_null()) text_ = paint(terminal_, Style::bold, ports_of(record)) + "\n\n";
  }
  void line(std::string_view label, const std::string& value, Style style = Style::plain) {
    if (value.empty()) return;
    const std::string head = "  " + std::string(label);
    const std::string body = wrap(value, std::max(terminal_.width, 40U) - kLabelWidth);
    std::string lines = head + std::string(kLabelWidth - std::min(head.size(), kLabelWidth), ' ');
    for (const char c : body) lines += c == '\n' ? "\n" + std::string(kLabelWidth, ' ') : std::string(1, c);
    text_ += paint(terminal_, style, lines) + "\n";
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  const Terminal& terminal_;
  std::string text_;
};

std::string registration_text(const Record& registration) {
  std::vector<std::string> parts;
  if (!registration["name"].is_null()) parts.push_back(registration["name"].text());
  if (!registration["description"].is_null()) parts.push_back(registration["description"].text());
  std::string text = joined(parts, ": ");
  if (!registration["reference"].is_null()) text += " " + registration["reference"].text();
  return text;
}

void add_registrations(Detail& detail, const Record& record) {
  const auto registrations = list_of(record, "registrations");
  if (registrations.empty()) detail.line("registered as", "nothing: unassigned");
  std::string_view label = "registered as";
  for (const Value& value : registrations) {
    const Record& registration = *value.record();
    detail.line(label, registration_text(registration));
    detail.line("  note", text_of(registration, "note"));
    detail.line("  also used by", text_of(registration, "unauthorized_use"));
    label = "  and as";
  }
}

std::string on_wire_text(const Record& common) {
  const std::string how = common["confidentiality"].text();
  const std::string better = text_of(common, "replacement");
  if (how == "cleartext") return "cleartext" + (better.empty() ? "" : "; use " + better + " instead");
  if (how == "encrypted") return "encrypted";
  const std::string unless =
      how == "upgradable" ? "cleartext unless both ends switch to TLS" : "depends on its settings";
  return unless + (better.empty() ? "" : "; safer: " + better);
}

void add_common(Detail& detail, const Record& record) {
  const Record* common = record["common"].record();
  if (common == nullptr) return;
  const bool differs = is(*common, "differs_from_registration");
  detail.line("commonly", (*common)["use"].text() + (differs ? " (not what it is registered for)" : ""));
  const bool cleartext = (*common)["confidentiality"].text() == "cleartext";
  detail.line("on the wire", on_wire_text(*common), cleartext ? Style::yellow : Style::plain);
}

void add_range(Detail& detail, const Record& record) {
  const Record& range = *record["range"].record();
  detail.line("range", range["class"].text() + " ports (" + range["also_known_as"].text() + "), " +
                           range["first"].text() + "-" + range["last"].text() + ", RFC 6335");
}

std::string listeners_text(const Record& here) {
  if (here["listeners"].is_null()) return "unknown";
  const auto listeners = list_of(here, "listeners");
  std::vector<std::string> parts;
  for (const Value& value : listeners.first(std::min(listeners.size(), kMostListeners))) {
    parts.push_back(process_of(*value.record()) + " on " + local_address(*value.record()));
  }
  if (listeners.size() > kMostListeners) parts.push_back(std::to_string(listeners.size() - kMostListeners) + " more");
  return parts.empty() ? "nobody" : joined(parts, ", ");
}

std::string privilege_text(const Record& record, const Record& here) {
  const std::string first = here["first_unprivileged_port"].text();
  if (record.type() == "port" && record["port"].text() == "0") return "any free port: the kernel chooses it";
  if (is(here, "privileged")) return "needs root or CAP_NET_BIND_SERVICE (below " + first + ")";
  return "needs no privilege (" + first + " and above)";
}

void add_here(Detail& detail, const Record& record) {
  const Record& here = *record["here"].record();
  const Record& range = *here["ephemeral_range"].record();
  detail.line("listening here", listeners_text(here), list_of(here, "listeners").empty() ? Style::plain : Style::green);
  detail.line("binding here", privilege_text(record, here));
  detail.line("ephemeral here", std::string(is(here, "ephemeral") ? "yes" : "no") + " (" + range["first"].text() + "-" +
                                    range["last"].text() + " are)");
  detail.line("reserved here", is(here, "reserved") ? "yes (ip_local_reserved_ports)" : "no");
}

void add_local(Detail& detail, const Record& record) {
  std::vector<std::string> parts;
  for (const Value& value : list_of(record, "local")) {
    const Record& service = *value.record();
    const std::string aliases = service["aliases"].text();
    parts.push_back(sanitize(service["name"].text() + (aliases.empty() ? "" : " (" + aliases + ")")));
  }
  detail.line("/etc/services", joined(parts, ", "));
}

void add_others(Detail& detail, const Record& record) {
  std::vector<std::string> parts;
  for (const Value& value : list_of(record, "other_protocols")) {
    const Record& other = *value.record();
    const std::string use = text_of(other, "use");
    parts.push_back(other["protocol"].text() + " " + sanitize(other["name"].text()) +
                    (use.empty() ? "" : " (" + use + ")"));
  }
  detail.line("other protocols", joined(parts, ", "));
}

std::string service_detail(const Record& record, const Terminal& terminal) {
  Detail detail(terminal);
  detail.title(record);
  detail.line("registered as", record["name"].text() + ", without a port");
  detail.line("description", text_of(record, "description"));
  detail.line("protocol", text_of(record, "protocol"));
  detail.line("note", text_of(record, "note"));
  detail.line("reference", text_of(record, "reference"));
  return detail.text();
}

std::string port_detail(const Record& record, const Terminal& terminal) {
  Detail detail(terminal);
  detail.title(record);
  add_registrations(detail, record);
  add_common(detail, record);
  add_range(detail, record);
  add_here(detail, record);
  add_local(detail, record);
  add_others(detail, record);
  return detail.text();
}

// --- several answers as a table

// The registry's "Unassigned" and "Reserved" are the status in other words; what says more is kept.
std::string registered_use(const Record& record) {
  const std::string status = record["status"].text();
  for (const Value& value : list_of(record, "registrations")) {
    const std::string text = text_of(*value.record(), "description");
    const bool only_status = ports::equal_ignoring_case(text, status);
    if (!text.empty() && !only_status) return text;
  }
  if (!list_of(record, "local").empty()) return "in /etc/services";
  return record["name"].is_null() ? status : "";
}

std::string use_text(const Record& record) {
  if (record.type() == "service") return text_of(record, "description");
  const Record* common = record["common"].record();
  if (common == nullptr) {
    const bool ephemeral = record["name"].is_null() && is(*record["here"].record(), "ephemeral");
    return registered_use(record) + (ephemeral ? "; ephemeral here" : "");
  }
  const std::string names = record["registered_names"].text();
  const bool differs = is(*common, "differs_from_registration") && !names.empty();
  return (*common)["use"].text() + (differs ? "; registered: " + names : "");
}

std::string on_wire_cell(const Record& record, const Terminal& terminal) {
  const Record* common = record["common"].record();
  if (common == nullptr) return "";
  const std::string how = (*common)["confidentiality"].text();
  return how == "cleartext" ? paint(terminal, Style::yellow, how) : how;
}

std::string listener_cell(const Record& record) {
  const Record* here = record["here"].record();
  const auto listeners = here == nullptr ? std::span<const Value>() : list_of(*here, "listeners");
  if (listeners.empty()) return "";
  const Record& first = *listeners.front().record();
  return first["process"].is_null() ? "user " + first["user_id"].text() : sanitize(first["process"].text());
}

std::string table_text(const std::vector<Record>& records, const Terminal& terminal) {
  const bool any_listener = std::ranges::any_of(records, [](const Record& r) { return !listener_cell(r).empty(); });
  std::vector<Column> columns{{"PORT"}, {"NAME", false, true}, {"ON WIRE"}};
  if (any_listener) columns.push_back({"LISTENING", false, true});
  columns.push_back({"USE", false, true});
  Table table(columns);
  for (const Record& record : records) {
    std::vector<std::string> cells{ports_of(record), sanitize(text_of(record, "name")), on_wire_cell(record, terminal)};
    if (any_listener) cells.push_back(listener_cell(record));
    cells.push_back(use_text(record));
    table.add_row(std::move(cells));
  }
  return table.render(terminal);
}

// Columns are as wide as all answers need, so nothing is shown before the last one is known.
class PortsTextView final : public View {
 public:
  explicit PortsTextView(Output& out) : out_(out) {}

  void start(const Record& /*run*/) override {}
  void result(const Record& result) override {
    if (result.type() != "unknown") results_.push_back(result);  // said on standard error
  }
  void summary(const Record& /*summary*/) override {
    if (results_.empty()) return;
    out_.write(results_.size() > 1 ? table_text(results_, out_.terminal()) : detail(results_.front()));
    out_.end_record();
  }

 private:
  [[nodiscard]] std::string detail(const Record& record) const {
    const bool service = record.type() == "service";
    return service ? service_detail(record, out_.terminal()) : port_detail(record, out_.terminal());
  }

  Output& out_;
  std::vector<Record> results_;
};

}  // namespace

std::unique_ptr<View> make_ports_text_view(Output& out) { return std::make_unique<PortsTextView>(out); }

}  // namespace tcp::cmd
