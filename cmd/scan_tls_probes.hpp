// SPDX-License-Identifier: MIT
// The TLS that the scan asks for, by the TLS that the conversations have: the two never meet but here.
#pragma once

#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/scan/tls_probe.hpp"

namespace tcp::cmd {

// The clock must outlive it. Errors: a build without TLS.
[[nodiscard]] Result<std::unique_ptr<scan::TlsProbes>> make_tls_probes(const Clock& clock);

}  // namespace tcp::cmd
