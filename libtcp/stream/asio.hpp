// SPDX-License-Identifier: MIT
// The only include of Asio, and the rules for coroutines over it.
//
// GCC 12.2 silently miscompiles (a double free) an aggregate or capturing-lambda temporary in an expression that
// contains `co_await`. Therefore:
//   1. Arguments of an awaited call are named variables, moved; no aggregate, lambda or braced temporary beside
//   `co_await`.
//   2. Parameters are values, or references to what the awaiting frame owns; no capturing lambda is a coroutine.
//   3. The completion token is kToken: error codes come back as values, never as exceptions.
//   4. `||` joins only operations that cannot throw: it swallows the loser's exception.
//   5. One thread, and no locks around what it waits for: ASIO_CONCURRENCY_HINT_UNSAFE_IO. Another may only post.
//   6. Every test of stream/ also runs under AddressSanitizer and UndefinedBehaviorSanitizer.
#pragma once

// Before Asio: it chooses between aligned_alloc and operator new by what the standard library has said of itself so
// far, and translation units that choose differently free what the others allocated.
#include <version>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace tcp::stream {

using Executor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

inline constexpr asio::experimental::as_tuple_t<asio::use_awaitable_t<Executor>> kToken{
    asio::use_awaitable_t<Executor>()};

}  // namespace tcp::stream
