// SPDX-License-Identifier: MIT
// hosts(5): names that this host knows without asking anybody.
#pragma once

#include <string>
#include <string_view>

namespace tcp::net {

// Whether a line gives this name an address. Upper and lower case are the same.
[[nodiscard]] bool hosts_line_names(std::string_view line, std::string_view host);

// Likewise for the lines of a file; one that cannot be read names nobody. What is internationalized is found in the
// spelling of the file alone.
[[nodiscard]] bool hosts_file_names(const std::string& host, const std::string& path = "/etc/hosts");

}  // namespace tcp::net
