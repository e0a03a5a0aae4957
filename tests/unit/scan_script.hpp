// SPDX-License-Identifier: MIT
// A network of a script: what a host answers to each try, and after how long. Time passes only in receive().
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "libtcp/scan/scan.hpp"

namespace scripted {

using namespace tcp;
using namespace tcp::scan;

struct Sent {
  Probe probe;
  MonotonicTime time;
};

class ScriptedNetwork final : public Network {
 public:
  using Script = std::function<void(ScriptedNetwork&, const Probe&)>;

  ScriptedNetwork(ManualClock& clock, Script script) : clock_(clock), script_(std::move(script)) {}

  Result<std::size_t> send(std::span<const Probe> batch) override {
    const std::size_t taken = std::min(batch.size(), room);
    for (const Probe& probe : batch.first(taken)) {
      sent.push_back({probe, clock_.now()});
      script_(*this, probe);
    }
    return taken;
  }

  Result<std::span<const Answer>> receive(MonotonicTime deadline) override {
    ++receives;
    if (clock_.now() >= fails_at) return make_error(Errc::timed_out, "send through eth0", "network is down");
    const MonotonicTime next = pending_.empty() ? deadline : std::min(deadline, earliest()->received);
    clock_.set(std::max(clock_.now(), next));
    answers_.clear();
    for (auto it = earliest(); it != pending_.end() && it->received <= clock_.now(); it = earliest()) {
      answers_.push_back(*it);
      pending_.erase(it);
    }
    return answers_;
  }

  // An answer of `kind` to `probe` that arrives `delay` from now.
  Answer& answer(const Probe& probe, AnswerKind kind, Duration delay) {
    Answer answer;
    answer.kind = kind;
    answer.target = probe.target;
    answer.attempt = probe.attempt;
    answer.sender = probe.target.address;
    answer.received = clock_.now() + delay;
    pending_.push_back(answer);
    return pending_.back();
  }

  [[nodiscard]] std::vector<Sent> tries_of(std::uint16_t port) const {
    std::vector<Sent> tries;
    std::ranges::copy_if(sent, std::back_inserter(tries),
                         [port](const Sent& s) { return s.probe.target.port == port; });
    return tries;
  }

  std::vector<Sent> sent;
  std::size_t room = 1000;
  MonotonicTime fails_at = MonotonicTime::max();
  std::size_t receives = 0;  // how often the scan woke up

 private:
  std::vector<Answer>::iterator earliest() { return std::ranges::min_element(pending_, {}, &Answer::received); }

  ManualClock& clock_;
  Script script_;
  std::vector<Answer> pending_;
  std::vector<Answer> answers_;
};

class Results final : public Observer {
 public:
  void on_result(const PortResult& result) override { all.push_back(result); }
  bool stop_requested() override { return stop_after > 0 && all.size() >= stop_after; }

  [[nodiscard]] const PortResult* of(std::uint16_t port) const {
    const auto found = std::ranges::find(all, port, [](const PortResult& r) { return r.target.port; });
    return found == all.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::size_t count(PortState state) const {
    return static_cast<std::size_t>(std::ranges::count(all, state, &PortResult::state));
  }

  std::vector<PortResult> all;
  std::size_t stop_after = 0;
};

}  // namespace scripted
