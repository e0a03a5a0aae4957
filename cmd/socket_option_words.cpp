// SPDX-License-Identifier: MIT
#include "cmd/socket_option_words.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <fstream>

#include "cmd/options.hpp"

namespace tcp::cmd {
namespace {

constexpr const char* kSocketGroup = "Socket options";

// In the order of the help; what each does in the kernel is in stream::socket_option_rows().
struct Word {
  std::string_view name;
  const char* placeholder;  // null: a flag
  const char* help;
};

constexpr std::array kWords{
    Word{"nodelay", nullptr, "Send small segments at once (no Nagle)"},
    Word{"keepalive", "IDLE[,INTERVAL[,COUNT]]", "Probe a silent peer after so many seconds"},
    Word{"user-timeout", "DURATION", "Give up when sent data stays unacknowledged so long"},
    Word{"congestion", "NAME", "Congestion control: cubic, bbr, reno"},
    Word{"mss", "N", "Largest segment to send and to ask for, in bytes"},
    Word{"ttl", "N", "Time to live, or hop limit, of what is sent"},
    Word{"min-ttl", "N", "Ignore what arrives with less (RFC 5082)"},
    Word{"dscp", "NAME|N", "Mark packets: af11 to af43, cs0 to cs7, ef, 0 to 63"},
    Word{"mark", "N", "Firewall mark of what is sent; needs CAP_NET_ADMIN"},
    Word{"fastopen", nullptr, "Data in the first segment (TCP Fast Open)"},
    Word{"recv-buffer", "SIZE", "Receive buffer of the socket"},
    Word{"send-buffer", "SIZE", "Send buffer of the socket"},
    Word{"notsent-lowat", "SIZE", "Take more data only below so many unsent bytes"},
    Word{"linger", "SECONDS", "At the end wait so long for data; 0: reset"},
};

Result<std::string> read_key(const std::string& path) {
  const std::string attempt = "read the key of --md5 from " + path;
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_error(attempt);
  std::string key(stream::kLongestMd5Key + 3, '\0');  // room for a line end, and to see that there is too much
  file.read(key.data(), static_cast<std::streamsize>(key.size()));
  if (file.bad()) return system_error(attempt);
  key.resize(static_cast<std::size_t>(file.gcount()));
  if (key.ends_with('\n')) key.pop_back();
  if (key.ends_with('\r')) key.pop_back();
  if (!key.empty() && key.size() <= stream::kLongestMd5Key) return key;
  return make_error(Errc::malformed, attempt, "must be 1 to 80 bytes");
}

}  // namespace

void SocketOptionWords::define(CLI::App& app) {
  for (const Word& word : kWords) {
    const std::string option = "--" + std::string(word.name);
    if (word.placeholder == nullptr) {
      app.add_flag(option, flags_[word.name], word.help)->group(kSocketGroup);
    } else {
      app.add_option(option, words_[word.name], word.help)->type_name(word.placeholder)->group(kSocketGroup);
    }
  }
  app.add_flag("--mptcp", options.multipath, "Multipath TCP, where the peer can")->group(kSocketGroup);
  app.add_option("--md5", md5_file_, "Sign segments with the key in a file (RFC 2385)")
      ->type_name("FILE")
      ->group(kSocketGroup);
}

Result<void> SocketOptionWords::settle() {
  const auto add = [this](std::string_view name, const std::string& text) -> Result<void> {
    auto settings = stream::make_socket_settings(name, text);
    if (!settings) {
      const std::string what = "--" + std::string(name) + (settings.error().attempt.empty() ? " '" + text + "'" : "");
      return in_option(what, std::move(settings).error());
    }
    options.settings.insert(options.settings.end(), settings->begin(), settings->end());
    return {};
  };
  for (const Word& word : kWords) {
    if (!has(word.name)) continue;
    TCP_TRY(add(word.name, word.placeholder == nullptr ? std::string() : *words_[word.name]));
  }
  if (options.multipath && !md5_file_.empty()) return usage_error("--mptcp and --md5", "exclude each other");
  return {};
}

Result<void> SocketOptionWords::load() {
  if (md5_file_.empty()) return {};
  TCP_TRY_ASSIGN(key, read_key(md5_file_));
  options.md5_key = std::move(key);
  return {};
}

bool SocketOptionWords::has(std::string_view name) const {
  const auto word = words_.find(name);
  if (word != words_.end()) return word->second.has_value();
  const auto flag = flags_.find(name);
  return flag != flags_.end() && flag->second;
}

}  // namespace tcp::cmd
