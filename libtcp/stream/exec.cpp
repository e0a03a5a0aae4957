// SPDX-License-Identifier: MIT
#include "libtcp/stream/exec.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "libtcp/stream/child_end.hpp"
#include "libtcp/stream/child_environment.hpp"
#include "libtcp/stream/program.hpp"
#include "libtcp/stream/pseudo_terminal.hpp"
#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/terminal_end.hpp"

namespace tcp::stream {
namespace {

// One standard descriptor of a child, and our end of the pipe at it when there is one.
struct Standard {
  UniqueFd childs;
  std::unique_ptr<ReadyFd> ours;
};

Result<Standard> open_null() {
  UniqueFd null = above_standard(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  if (!null) return system_error("open /dev/null");
  return Standard{std::move(null), nullptr};
}

// Only our end is non-blocking. `child_end`: 0 when the child reads, 1 when it writes.
Result<Standard> open_pipe(const Executor& executor, std::size_t child_end) {
  std::array<int, 2> numbers{};
  if (::pipe2(numbers.data(), O_CLOEXEC) != 0) return system_error("make a pipe");
  std::array<UniqueFd, 2> ends{above_standard(UniqueFd(numbers[0])), above_standard(UniqueFd(numbers[1]))};
  UniqueFd ours = std::move(ends.at(1 - child_end));
  if (!ours || !ends.at(child_end)) return system_error("make a pipe");
  if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return system_error("make a pipe non-blocking");
  TCP_TRY_ASSIGN(ready, ReadyFd::open(executor, std::move(ours), "a pipe"));
  return Standard{std::move(ends.at(child_end)), std::make_unique<ReadyFd>(std::move(ready))};
}

Result<Standard> open_pipe_if(bool wanted, const Executor& executor, std::size_t child_end) {
  return wanted ? open_pipe(executor, child_end) : open_null();
}

}  // namespace

Result<std::unique_ptr<Exec>> Exec::open(const Executor& executor, const ExecOptions& options,
                                         const RelayOptions& relay) {
  TCP_TRY_ASSIGN(path, find_program(options.program.front()));
  return std::unique_ptr<Exec>(new Exec(executor, options, relay, std::move(path)));
}

// How our own input ends, or a terminal, matters only where the local end is ours.
Exec::Exec(const Executor& executor, const ExecOptions& options, const RelayOptions& relay, std::string path)
    : executor_(executor),
      options_(options),
      relay_(relay),
      path_(std::move(path)),
      environment_(own_environment()),
      child_ended_(executor) {
  relay_.finish_at_remote_end = false;
  relay_.close_output = true;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::error_code ignored;
  child_ended_.add(SIGCHLD, ignored);
  watch_children();
}

Exec::~Exec() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

void Exec::watch_children() {
  child_ended_.async_wait([this](std::error_code error, int) {
    if (error) return;
    reap_all();
    watch_children();
  });
}

// Orphans that left their group would stay zombies otherwise.
void Exec::reap_all() noexcept {
  int status = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
    for (Session& session : sessions_) {
      if (session.child.pid() == pid) session.child.note_end(status);
    }
  }
}

Awaitable<void> Exec::serve(Conversation& conversation) {
  auto started = start(conversation);
  if (!started) {
    conversation.close(CloseReason::program_failed, std::move(started).error());
    co_return;
  }
  const Sessions::iterator session = *started;
  const RelayEnd end = co_await conversation.join(executor_, *session->end, relay_);
  session->end->close();
  const bool may_finish = end.reason == CloseReason::finished && !session->end->has_hung_up();
  if (may_finish) co_await session->child.ended();
  co_await session->child.end_group();
  if (session->log) co_await session->log->finish();
  conversation.set_child_exit(session->child.exit());
  conversation.close(end, *session->end, relay_);
  sessions_.erase(session);
}

Result<Exec::Sessions::iterator> Exec::start(Conversation& conversation) {
  if (options_.terminal) return start_at_terminal(conversation, *options_.terminal);
  return start_with_pipes(conversation);
}

SpawnRequest Exec::request_for(const Conversation& conversation) const {
  SpawnRequest request;
  request.path = path_;
  request.arguments = options_.program;
  request.environment = make_child_environment(environment_, conversation.addresses(), conversation.id());
  return request;
}

Result<Exec::Sessions::iterator> Exec::start_at_terminal(Conversation& conversation, WindowSize size) {
  TCP_TRY_ASSIGN(terminal, open_pseudo_terminal(size));
  TCP_TRY_ASSIGN(ours, ReadyFd::open(executor_, std::move(terminal.ours), "a terminal"));
  SpawnRequest request = request_for(conversation);
  request.input = request.output = request.error = terminal.childs.get();
  request.has_terminal = true;
  TCP_TRY_ASSIGN(child, Child::start(executor_, request));
  auto end = std::make_unique<TerminalEnd>(executor_, std::move(ours), options_.program.front(), relay_.half_open);
  sessions_.push_back(Session{&conversation, std::move(child), std::move(end), nullptr});
  return std::prev(sessions_.end());
}

Result<Exec::Sessions::iterator> Exec::start_with_pipes(Conversation& conversation) {
  TCP_TRY_ASSIGN(input, open_pipe_if(relay_.direction != Direction::send_only, executor_, 0));
  TCP_TRY_ASSIGN(output, open_pipe_if(relay_.direction != Direction::receive_only, executor_, 1));
  TCP_TRY_ASSIGN(error, open_pipe_if(options_.error_output == ErrorOutput::log, executor_, 1));
  SpawnRequest request = request_for(conversation);
  request.input = input.childs.get();
  request.output = output.childs.get();
  request.error = options_.error_output == ErrorOutput::merge ? request.output : error.childs.get();
  std::unique_ptr<ChildLog> log;
  if (error.ours) {
    log = std::make_unique<ChildLog>(executor_, std::move(*error.ours), conversation.id(), conversation.observer());
  }
  TCP_TRY_ASSIGN(child, Child::start(executor_, request));
  const std::string& name = options_.program.front();
  if (log) log->start(name, child.pid());
  auto end = std::make_unique<ChildEnd>(std::move(input.ours), std::move(output.ours), name);
  sessions_.push_back(Session{&conversation, std::move(child), std::move(end), std::move(log)});
  return std::prev(sessions_.end());
}

void Exec::stop() {
  std::vector<Child*> children;
  for (Session& session : sessions_) {
    session.end->close();
    children.push_back(&session.child);
  }
  end_groups(children);
  for (Session& session : sessions_) {
    if (session.log) session.log->finish_now();
    session.conversation->set_child_exit(session.child.exit());
  }
}

}  // namespace tcp::stream
