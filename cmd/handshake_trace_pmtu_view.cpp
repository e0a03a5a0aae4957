// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_pmtu_view.hpp"

#include <fmt/format.h>

#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

constexpr std::uint32_t kHeaders4 = 40;  // IP and TCP, without options, as an MSS counts
constexpr std::uint32_t kHeaders6 = 60;

List probe_list(const trace::PathMtu& result) {
  List list;
  for (const trace::MtuProbe& probe : result.probes) {
    Record record("mtu_probe");
    record.add("size_bytes", probe.size);
    record.add("sent", probe.sent);
    record.add("passed", probe.passed);
    record.add("told", probe.told);
    list.emplace_back(std::move(record));
  }
  return list;
}

List notice_list(const trace::PathMtu& result) {
  List list;
  for (const trace::MtuNotice& notice : result.notices) {
    Record record("mtu_notice");
    record.add("sender", to_string(notice.sender));
    record.add("size_bytes", notice.size);
    record.add("mtu_bytes", notice.mtu);
    record.add("plausible", notice.plausible);
    list.emplace_back(std::move(record));
  }
  return list;
}

void add_hop(Record& record, const std::string& prefix, const std::optional<trace::MtuHop>& hop) {
  record.add(prefix + "_hop", hop ? Value(hop->number) : Value());
  record.add(prefix + "_address", hop && hop->address ? Value(to_string(*hop->address)) : Value());
}

class PathMtuText {
 public:
  PathMtuText(const Record& record, const Terminal& terminal) : record_(record), terminal_(terminal) {}

  std::string render() {
    const std::string address = record_["address"].is_null() ? record_["target"].text() : record_["address"].text();
    const bool v6 = address.find(':') != std::string::npos && !record_["address"].is_null();
    put("", sanitize("path MTU to " + (v6 ? "[" + address + "]" : address) + ":" + record_["port"].text()),
        Style::bold);
    verdict();
    for (const Value& value : *record_["notices"].list()) notice(*value.record());
    black_hole();
    return std::move(text_);
  }

 private:
  void put(std::string_view indent, const std::string& words, Style style = Style::plain) {
    const std::string lines = wrap(words, std::max<std::size_t>(terminal_.width, 20) - indent.size(), 2);
    for (std::size_t begin = 0; begin <= lines.size();) {
      const std::size_t end = std::min(lines.find('\n', begin), lines.size());
      text_ += std::string(indent) + paint(terminal_, style, lines.substr(begin, end - begin)) + '\n';
      begin = end + 1;
    }
  }

  void verdict() {
    const std::string outcome = record_["outcome"].text();
    if (outcome == "found") return found();
    if (outcome == "not_connected") put("  ", "unknown: no connection could be opened", Style::yellow);
    if (outcome == "reset") put("  ", "unknown: the peer reset the connection before it was found", Style::yellow);
    if (outcome == "unanswered") {
      put("  ", "unknown: the peer acknowledges no segment that it has seen before", Style::yellow);
    }
    if (outcome == "interrupted") put("  ", "stopped before it was found", Style::yellow);
    if (outcome == "failed") put("  ", sanitize("failed: " + record_["error"].text()), Style::red);
  }

  void found() {
    const std::string mtu = record_["mtu_bytes"].text();
    if (record_["technique"].text() == "connect") {
      put("  ", mtu + " bytes is what the kernel believes", Style::green);
      put("  ",
          "nothing of that size was sent, so a smaller link on the way may be unknown to it (made by the kernel's "
          "connect(), without privilege)",
          Style::dim);
      return;
    }
    put("  ", fmt::format("{} bytes; segments carry up to {}", mtu, record_["mss_bytes"].text()), Style::green);
    if (mtu == record_["local_mtu_bytes"].text()) put("  ", "as much as our own link carries", Style::dim);
  }

  void notice(const Record& notice) {
    const std::string about = notice["size_bytes"].text();
    const std::string told = notice["mtu_bytes"].is_null() ? "too big" : "at most " + notice["mtu_bytes"].text();
    put("  ", fmt::format("{} says of {} bytes: {}{}", notice["sender"].text(), about, told,
                          notice["plausible"].text() == "yes" ? "" : " (not believed)"));
  }

  [[nodiscard]] std::string hop(const std::string& prefix) const {
    const std::string number = record_[prefix + "_hop"].text();
    const Value& address = record_[prefix + "_address"];
    return "hop " + number + (address.is_null() ? "" : " (" + address.text() + ")");
  }

  void black_hole() {
    if (record_["black_hole"].text() != "yes") return;
    std::string where;
    if (!record_["black_hole_after_hop"].is_null() && !record_["black_hole_before_hop"].is_null()) {
      where = " between " + hop("black_hole_after") + " and " + hop("black_hole_before");
    } else if (!record_["black_hole_before_hop"].is_null()) {
      where = " before " + hop("black_hole_before");
    }
    put("  ",
        fmt::format("black hole: packets above {} bytes vanish{}, and nobody says so", record_["mtu_bytes"].text(),
                    where),
        Style::red);
  }

  const Record& record_;
  const Terminal& terminal_;
  std::string text_;
};

class PathMtuView final : public View {
 public:
  explicit PathMtuView(Output& out) : out_(out) {}
  void start(const Record&) override {}
  void result(const Record& record) override {
    if (shown_++ != 0) out_.write("\n");
    out_.write(render_path_mtu(record, out_.terminal()));
    out_.end_record();
  }
  void summary(const Record&) override {}

 private:
  Output& out_;
  unsigned shown_ = 0;
};

}  // namespace

Record to_record(const TraceTarget& target, const trace::PathMtu& result) {
  const bool found = result.outcome == trace::MtuOutcome::found;
  const std::uint32_t headers = result.remote.address.is_v4() ? kHeaders4 : kHeaders6;
  Record record("path_mtu");
  record.add("target", target.name);
  record.add("address", target.address ? Value(to_string(*target.address)) : Value());
  record.add("port", target.port);
  record.add("local_address", result.local ? Value(to_string(*result.local)) : Value());
  record.add("technique", to_string(result.technique));
  record.add("started", to_rfc3339(result.started));
  record.add("outcome", to_string(result.outcome));
  record.add("mtu_bytes", found ? Value(result.mtu) : Value());
  record.add("mss_bytes", found && result.mtu > headers ? Value(result.mtu - headers) : Value());
  record.add("local_mtu_bytes", result.local_mtu == 0 ? Value() : Value(result.local_mtu));
  record.add("black_hole", result.black_hole);
  add_hop(record, "black_hole_after", result.last_through);
  add_hop(record, "black_hole_before", result.first_beyond);
  record.add("probes", probe_list(result));
  record.add("notices", notice_list(result));
  record.add("closing", to_string(result.closing));
  record.add("error", result.failure ? Value(result.failure->message()) : Value());
  return record;
}

std::string render_path_mtu(const Record& record, const Terminal& terminal) {
  return PathMtuText(record, terminal).render();
}

std::unique_ptr<View> make_path_mtu_view(Output& out) { return std::make_unique<PathMtuView>(out); }

}  // namespace tcp::cmd
