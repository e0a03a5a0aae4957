// SPDX-License-Identifier: MIT
#include "libtcp/sockets/counters.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "libtcp/base/parse.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::sockets {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} * 1024;  // the longest, netstat, has 5 KiB
constexpr std::string_view kBlank = " \t\r\v\f";

// Takes the first line out of `text`.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// Takes the first word out of `line`; empty when there is none.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

// The word a line begins with, without its colon; empty when it has none.
std::string_view take_group(std::string_view& line) {
  const std::string_view word = take_word(line);
  return word.ends_with(':') ? word.substr(0, word.size() - 1) : std::string_view();
}

Result<std::string> read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error("read " + path);
  std::string text(kMostBytes, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

}  // namespace

std::optional<std::uint64_t> CounterValues::get(std::size_t place) const {
  return place < values_.size() ? values_[place] : std::nullopt;
}

std::optional<std::uint64_t> CounterValues::get(std::string_view key) const {
  const auto table = counters();
  return get(static_cast<std::size_t>(std::ranges::find(table, key, &Counter::key) - table.begin()));
}

void CounterValues::take(std::string_view file, std::string_view group, std::string_view name, std::string_view value) {
  const auto table = counters();
  const auto found = std::ranges::find_if(table, [&](const Counter& counter) {
    return counter.kernel_name == name && counter.group == group && counter.file == file;
  });
  if (found == table.end()) return;
  values_[static_cast<std::size_t>(found - table.begin())] = parse_unsigned<std::uint64_t>(value);
}

void CounterValues::take_table(std::string_view file, std::string_view text) {
  while (!text.empty()) {
    std::string_view names = take_line(text);
    std::string_view values = take_line(text);
    const std::string_view group = take_group(names);
    if (group.empty() || take_group(values) != group) continue;
    for (;;) {
      const std::string_view name = take_word(names);
      const std::string_view value = take_word(values);
      if (name.empty() || value.empty()) break;
      take(file, group, name, value);
    }
  }
}

void CounterValues::take_pairs(std::string_view file, std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string_view group = take_group(line);
    for (;;) {
      const std::string_view name = take_word(line);
      const std::string_view value = take_word(line);
      if (group.empty() || value.empty()) break;
      take(file, group, name, value);
    }
  }
}

Result<CounterValues> read_counters(const char* proc_net) {
  const std::string directory = std::string(proc_net) + "/";
  CounterValues values;
  Result<void> first_error;
  unsigned read = 0;
  for (const char* file : {"snmp", "netstat", "sockstat", "sockstat6"}) {
    const auto text = read_file(directory + file);
    if (!text) {
      if (first_error) first_error = std::unexpected(text.error());
      continue;
    }
    ++read;
    const bool is_table = !std::string_view(file).starts_with("sockstat");
    is_table ? values.take_table(file, *text) : values.take_pairs(file, *text);
  }
  if (read == 0) return std::unexpected(std::move(first_error).error());
  return values;
}

Result<StateCountOutcome> count_states(StateSet states, std::optional<Family> family, bool mptcp) {
  StateCountOutcome outcome;
  DumpRequest request;
  request.states = states;
  request.family = family;
  request.mptcp = mptcp;
  const auto count = [&](const SocketInfo& socket) {
    TcpState state = socket.state;
    if (state == TcpState::new_syn_received) state = TcpState::syn_received;
    if (state == TcpState::closed && socket.local.port != 0) state = TcpState::bound_inactive;
    ++outcome.counts[static_cast<std::size_t>(state) % outcome.counts.size()];
    return true;
  };
  TCP_TRY_ASSIGN(dump, dump_sockets(request, count));
  outcome.dump = dump;
  return outcome;
}

}  // namespace tcp::sockets
