// SPDX-License-Identifier: MIT
#include "libtcp/stream/descriptor_limit.hpp"

#include <sys/resource.h>

namespace tcp::stream {
namespace {

bool is_raised = false;
rlimit before{};

}  // namespace

void raise_descriptor_limit() noexcept {
  if (is_raised || ::getrlimit(RLIMIT_NOFILE, &before) != 0) return;
  const rlimit raised{before.rlim_max, before.rlim_max};
  is_raised = ::setrlimit(RLIMIT_NOFILE, &raised) == 0;
}

void restore_descriptor_limit() noexcept {
  if (is_raised) ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace tcp::stream
