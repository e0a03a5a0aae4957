// SPDX-License-Identifier: MIT
// Joins each conversation with a child process of its own, as inetd does.
//
// The peer's FIN is the end of the child's standard input, and the end of its standard output, held by whomever, is our
// FIN. A child that reads no more, or has ended, may still have something to say; then what the peer sends is thrown
// away. Once the conversation is over, the child may finish what it does; of its group nobody else stays. When the
// peer is gone before that, or we are stopped, the group is ended.
//
// At a terminal the end of its input is typed, and a program that then says nothing for a second is hung up on.
//
// While there is one, this process adopts orphans of its children (PR_SET_CHILD_SUBREAPER), so that it knows when a
// group is gone and no zombie stays, whatever process 1 does; it reaps every child of this process.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "libtcp/stream/child.hpp"
#include "libtcp/stream/child_log.hpp"
#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/exec_options.hpp"
#include "libtcp/stream/program_end.hpp"
#include "libtcp/stream/spawn.hpp"

namespace tcp::stream {

class Exec {
 public:
  Exec(const Exec&) = delete;
  Exec& operator=(const Exec&) = delete;
  ~Exec();

  // Errors: the program cannot be found or run (find_program()).
  [[nodiscard]] static Result<std::unique_ptr<Exec>> open(const Executor& executor, const ExecOptions& options,
                                                          const RelayOptions& relay);

  // Until child and conversation are over; the conversation is closed then. Does not throw.
  [[nodiscard]] Awaitable<void> serve(Conversation& conversation);

  // When the event loop has stopped: ends all children. Blocks.
  void stop();

 private:
  struct Session {
    Conversation* conversation;
    Child child;
    std::unique_ptr<ProgramEnd> end;
    std::unique_ptr<ChildLog> log;
  };
  using Sessions = std::list<Session>;

  Exec(const Executor& executor, const ExecOptions& options, const RelayOptions& relay, std::string path);
  [[nodiscard]] Result<Sessions::iterator> start(Conversation& conversation);
  [[nodiscard]] Result<Sessions::iterator> start_with_pipes(Conversation& conversation);
  [[nodiscard]] Result<Sessions::iterator> start_at_terminal(Conversation& conversation, WindowSize size);
  [[nodiscard]] SpawnRequest request_for(const Conversation& conversation) const;
  void watch_children();
  void reap_all() noexcept;

  Executor executor_;
  ExecOptions options_;
  RelayOptions relay_;
  std::string path_;
  std::vector<std::string> environment_;
  Sessions sessions_;
  asio::basic_signal_set<Executor> child_ended_;
};

}  // namespace tcp::stream
