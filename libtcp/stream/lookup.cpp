// SPDX-License-Identifier: MIT
#include "libtcp/stream/lookup.hpp"

#include <sys/eventfd.h>

#include <mutex>
#include <thread>

#include "libtcp/base/unique_fd.hpp"

namespace tcp::stream {

// Shared with the thread, which may outlive the one who asked.
struct Lookup::State {
  UniqueFd done{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  Result<std::vector<IpAddress>> answer;
};

Result<Lookup> Lookup::start(const std::string& host, const net::ResolveOptions& options, Resolver resolver) {
  auto state = std::make_shared<State>();
  if (!state->done) return system_error("resolve " + host);
  try {
    std::thread([state, resolver = std::move(resolver), host, options] {
      auto answer = resolver(host, options);
      {
        const std::lock_guard lock(state->mutex);
        state->answer = std::move(answer);
      }
      ::eventfd_write(state->done.get(), 1);
    }).detach();
  } catch (const std::system_error& error) {
    return system_error("start a thread to resolve names", error.code().value());
  }
  return Lookup(std::move(state));
}

int Lookup::descriptor() const noexcept { return state_->done.get(); }

Result<std::vector<IpAddress>> Lookup::take() {
  eventfd_t ignored = 0;
  ::eventfd_read(state_->done.get(), &ignored);
  const std::lock_guard lock(state_->mutex);
  return std::move(state_->answer);
}

}  // namespace tcp::stream
