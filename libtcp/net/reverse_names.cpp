// SPDX-License-Identifier: MIT
#include "libtcp/net/reverse_names.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "libtcp/net/resolver.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kMostThreads = 16;
constexpr std::size_t kMostAddresses = 1024;

}  // namespace

struct ReverseNames::State {
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::set<IpAddress> asked;
  std::deque<IpAddress> waiting;
  std::map<IpAddress, std::string> names;
  std::size_t threads = 0;  // each ends when nothing waits

  static void work(const std::shared_ptr<State>& state) {
    std::unique_lock lock(state->mutex);
    while (!state->waiting.empty()) {
      const IpAddress address = state->waiting.front();
      state->waiting.pop_front();
      lock.unlock();
      const auto name = reverse_resolve(address);
      lock.lock();
      if (name) state->names.emplace(address, *name);
    }
    --state->threads;
    state->changed.notify_all();
  }
};

ReverseNames::ReverseNames() : state_(std::make_shared<State>()) {}

void ReverseNames::ask(const std::vector<IpAddress>& addresses) {
  const std::scoped_lock lock(state_->mutex);
  for (const IpAddress& address : addresses) {
    if (state_->asked.size() < kMostAddresses && state_->asked.insert(address).second) {
      state_->waiting.push_back(address);
    }
  }
  const std::size_t wanted = std::min(kMostThreads, state_->threads + state_->waiting.size());
  while (state_->threads < wanted) {
    try {
      std::thread([state = state_] { State::work(state); }).detach();
    } catch (const std::system_error&) {
      break;  // no more threads: those that there are do all, or there are no names
    }
    ++state_->threads;
  }
}

void ReverseNames::await(Duration patience) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, patience, [&] { return state_->threads == 0; });
}

std::map<IpAddress, std::string> ReverseNames::names() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->names;
}

}  // namespace tcp::net
