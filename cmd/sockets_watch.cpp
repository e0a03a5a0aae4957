// SPDX-License-Identifier: MIT
#include "cmd/sockets_watch.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "cmd/interrupt.hpp"
#include "cmd/sockets_options.hpp"
#include "cmd/sockets_order.hpp"
#include "cmd/sockets_table.hpp"
#include "cmd/terminal_keys.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

// A screen of its own, the cursor at its top; and back to what was there.
constexpr std::string_view kEnterScreen = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeaveScreen = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kEraseLine = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";
constexpr std::size_t kLinesAround = 3;  // what is watched, the headings, the keys
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr char kEscape = '\x1b';

struct WatchSettings {
  Duration interval{};
  ColumnList columns;
  std::size_t sorted_by = 0;  // of the columns
  bool descending = true;
  std::size_t most = 0;  // rows; 0: as many as there are, or fit the screen
  bool info = false;
};

// The first lines of a text; the last one without its newline.
std::string_view first_lines(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < most && end < text.size(); ++lines) {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  }
  return text.substr(0, end);
}

class Screen {
 public:
  Screen(Context& context, SocketsPass& pass, const WatchSettings& settings, const SocketsOptions& options,
         SocketNames& names)
      : context_(context),
        pass_(pass),
        settings_(settings),
        options_(options),
        names_(names),
        keys_(true),
        control_(settings.columns.size(), settings.sorted_by, settings.descending),
        filter_text_(options.selection.filter_text()) {
    context_.out.write(kEnterScreen);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    context_.out.write(kLeaveScreen);
    context_.out.flush();
  }

  Result<void> run(const StopFlag& stop) {
    MonotonicTime next = context_.clock.now();
    while (!stop && !control_.quit() && !context_.out.failed()) {
      const bool due = context_.clock.now() >= next;
      if (due) {
        pass_.begin_look(context_.clock.now());
        next = context_.clock.now() + settings_.interval;
      } else {
        pass_.repeat_look(context_.clock.now());
      }
      TCP_TRY(look());
      nap_until(next, context_.clock, stop, [&] { return control_.press(keys_.take()) || control_.quit(); });
      apply_filter();
    }
    return {};
  }

 private:
  Result<void> look() {
    SocketsNotes notes;
    Terminal terminal = detect_terminal(STDOUT_FILENO);
    terminal.colour = context_.out.terminal().colour;
    const CellStyle style{true, &names_};
    const SocketColumn& column = *settings_.columns[control_.sorted_by()];
    const std::size_t room = terminal.height > kLinesAround ? terminal.height - kLinesAround : 1;
    SortedRows rows(control_.descending(), settings_.most == 0 ? room : std::min(room, settings_.most));
    std::string text;
    SocketTable table([&](std::string_view line) { text += line; }, terminal, settings_.columns, style, settings_.info);
    TCP_TRY(pass_.run(notes, [&](const sockets::SocketRow& row) {
      rows.add(sort_key(column, row, style), [&](std::string& cells) { table.capture(cells, row); });
      return true;
    }));
    for (const std::string& row : rows.take()) table.captured(row);
    table.finish();
    draw(text, terminal, column, notes.selected());
    return {};
  }

  void draw(const std::string& table, const Terminal& terminal, const SocketColumn& column, std::uint64_t selected) {
    std::string screen(kHome);
    std::string lines = fit(title(column, selected), terminal.width, terminal.unicode) + "\n";
    lines += first_lines(table, terminal.height - 2);
    for (const char c : lines) screen += c == '\n' ? std::string(kEraseLine) + "\r\n" : std::string(1, c);
    screen += kEraseBelow;
    screen += "\x1b[" + std::to_string(terminal.height) + ";1H";
    screen +=
        paint(terminal, Style::dim, fit(footer(), terminal.width - 1, terminal.unicode)) + std::string(kEraseLine);
    context_.out.write(screen);
    context_.out.flush();
  }

  [[nodiscard]] std::string title(const SocketColumn& column, std::uint64_t selected) const {
    std::string text = to_rfc3339(context_.clock.wall_now()).substr(11, 8) + " UTC  " + std::to_string(selected) +
                       (selected == 1 ? " socket" : " sockets") + ", by " + std::string(column.name) +
                       (control_.descending() ? ", highest first" : ", lowest first");
    if (!filter_text_.empty()) text += ", " + sanitize(filter_text_);
    return text;
  }

  [[nodiscard]] std::string footer() const {
    if (control_.typing()) return "filter: " + sanitize(*control_.typing()) + "_";
    if (!complaint_.empty()) return complaint_;
    return "s sort by the next column  r other way round  / filter  q quit";
  }

  void apply_filter() {
    const auto text = control_.take_filter();
    if (!text) return;
    auto filter = options_.selection.parse_filter(*text);
    complaint_ = filter ? "" : sanitize(filter.error().message());
    if (!filter) return;
    filter_text_ = *text;
    pass_.set_filter(*filter);
  }

  Context& context_;
  SocketsPass& pass_;
  const WatchSettings& settings_;
  const SocketsOptions& options_;
  SocketNames& names_;
  TerminalKeys keys_;
  WatchControl control_;
  std::string filter_text_;
  std::string complaint_;
};

// One look, in order.
Result<void> one_round(SocketsPass& pass, const WatchSettings& settings, SocketNames& names, SocketsView& view,
                       SocketsNotes& notes) {
  const CellStyle style{false, &names};
  const SocketColumn& column = *settings.columns[settings.sorted_by];
  SortedRows rows(settings.descending, settings.most == 0 ? kAll : settings.most);
  TCP_TRY(pass.run(notes, [&](const sockets::SocketRow& row) {
    rows.add(sort_key(column, row, style), [&](std::string& text) { view.capture(text, row); });
    return true;
  }));
  for (const std::string& row : rows.take()) view.captured(row);
  return {};
}

Result<void> watch_in_tables(Context& context, SocketsPass& pass, const WatchSettings& settings, SocketNames& names,
                             const StopFlag& stop) {
  const CellStyle style{context.out.terminal().is_terminal, &names};
  for (bool first = true; !stop && !context.out.failed(); first = false) {
    const MonotonicTime now = context.clock.now();
    pass.begin_look(now);
    {
      const Output::Batch batch(context.out);
      const auto view = make_sockets_text_view(context.out, {settings.columns, style, settings.info});
      if (!first) context.out.write("\n");
      SocketsNotes notes;
      TCP_TRY(one_round(pass, settings, names, *view, notes));
      view->summary(Record("summary"));
    }
    context.out.flush();
    nap_until(now + settings.interval, context.clock, stop);
  }
  return {};
}

Result<void> watch_in_json(Context& context, SocketsPass& pass, const WatchSettings& settings, SocketNames& names,
                           const StopFlag& stop, SocketsView& view, SocketsNotes& notes) {
  for (std::uint64_t round = 1; !stop && !context.out.failed(); ++round) {
    const MonotonicTime now = context.clock.now();
    pass.begin_look(now);
    {
      const Output::Batch batch(context.out);
      view.result(Record("round").add("round", round).add("time", to_rfc3339(context.clock.wall_now())));
      notes = {};  // what is said at the end is said of the last round
      TCP_TRY(one_round(pass, settings, names, view, notes));
    }
    context.out.flush();
    nap_until(now + settings.interval, context.clock, stop);
  }
  return {};
}

WatchSettings make_settings(const SocketsOptions& options) {
  WatchSettings settings;
  settings.interval = *options.time.watch();
  settings.columns = options.columns.columns();
  const SortWord sort = options.order.sort_or({"rate", true});
  auto place = std::ranges::find(settings.columns, sort.name, &SocketColumn::name);
  if (place == settings.columns.end()) {  // sorted by what is not seen would look like chance
    settings.columns.push_back(*find_socket_column(sort.name));
    place = settings.columns.end() - 1;
  }
  settings.sorted_by = static_cast<std::size_t>(place - settings.columns.begin());
  settings.descending = sort.descending;
  settings.most = options.order.top().value_or(0);
  settings.info = options.columns.info();
  return settings;
}

}  // namespace

bool WatchControl::press(std::string_view keys) {
  while (!keys.empty()) {
    const bool right = keys.starts_with("\x1b[C");
    if (right || keys.starts_with("\x1b[D")) {
      sort_by_next(right ? 1 : columns_ - 1);
      keys.remove_prefix(3);
      if (keys.empty()) return true;
      continue;
    }
    press_one(keys.front());
    keys.remove_prefix(1);
    if (keys.empty()) return true;
  }
  return false;
}

void WatchControl::press_one(char key) {
  if (typing_) return type(key);
  switch (key) {
    case 's': sort_by_next(1); return;
    case 'S': sort_by_next(columns_ - 1); return;
    case 'r': descending_ = !descending_; return;
    case '/': typing_.emplace(); return;
    case 'q': quit_ = true; return;
    default: return;
  }
}

void WatchControl::type(char key) {
  constexpr char kDelete = '\x7f';
  if (key == kEscape) {
    typing_.reset();
  } else if (key == '\r' || key == '\n') {
    entered_ = std::exchange(typing_, std::nullopt);
  } else if (key == kDelete || key == '\b') {
    if (!typing_->empty()) typing_->pop_back();
  } else if (static_cast<unsigned char>(key) >= ' ' && typing_->size() < kMostTyped) {
    *typing_ += key;
  }
}

std::optional<std::string> WatchControl::take_filter() { return std::exchange(entered_, std::nullopt); }

Result<ExitCode> watch_sockets(Context& context, const SocketsOptions& options, SocketsPass& pass) {
  const WatchSettings settings = make_settings(options);
  const Interrupt interrupt;
  SocketNames names(options.selection.numeric());
  pass.set_names(names);
  if (options.is_text() && context.out.terminal().is_terminal) {
    TCP_TRY(Screen(context, pass, settings, options, names).run(interrupt.flag()));
  } else if (options.is_text()) {
    TCP_TRY(watch_in_tables(context, pass, settings, names, interrupt.flag()));
  } else {
    const auto view = options.make_view(context, names);
    view->start(options.run_record(context));
    SocketsNotes notes;
    TCP_TRY(watch_in_json(context, pass, settings, names, interrupt.flag(), *view, notes));
    view->summary(notes.summary(!interrupt.flag()));
  }
  context.out.flush();
  interrupt.raise_again();
  return ExitCode::done;
}

}  // namespace tcp::cmd
