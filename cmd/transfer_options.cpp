// SPDX-License-Identifier: MIT
#include "cmd/transfer_options.hpp"

#include <CLI/CLI.hpp>

#include "cmd/small_file.hpp"
#include "cmd/stream_options.hpp"
#include "libtcp/stream/tls.hpp"
#include "libtcp/stream/transfer_code.hpp"

namespace tcp::cmd {
namespace {

const char* const kTransferGroup = "Files";
const char* const kCode = "--code";
const char* const kCodeFile = "--code-file";

Result<void> check_rivals(const std::string& option, const TransferRivals& rivals) {
  if (!rivals.joined.empty()) {
    return usage_error(option + " and " + std::string(rivals.joined), "exclude each other");
  }
  const StreamOptions& common = rivals.common;
  ByteOptions others = common.bytes;
  others.progress = false;
  const std::string_view given = common.recv_only   ? "--recv-only"
                                 : common.send_only ? "--send-only"
                                                    : others.first_given();
  if (!given.empty()) return usage_error(std::string(given), "has no use with " + option);
  if (!stream::has_tls()) {
    return usage_error(option, "needs SHA-256 of OpenSSL, which was not there when this was made");
  }
  return {};
}

}  // namespace

void CodeWords::define(CLI::App& app, bool makes) {
  auto* option = app.add_option(kCode, words,
                                makes ? "Encrypt, for a sender who says these words; without any, make and print them"
                                      : "Encrypt, for a receiver who has the same words")
                     ->type_name("WORDS")
                     ->group(kTransferGroup);
  if (makes) option->expected(0, 1)->default_str("");
  app.add_option(kCodeFile, file, "Likewise, with the words in the first line of a file")
      ->type_name("FILE")
      ->group(kTransferGroup);
}

Result<void> CodeWords::settle(std::string_view missing, const TransferRivals& rivals) {
  if (!is_used()) return {};
  const std::string option = words ? kCode : kCodeFile;
  if (words && file) return usage_error(option + " and " + kCodeFile, "exclude each other");
  if (!missing.empty()) return usage_error(option, "needs " + std::string(missing));
  if (rivals.has_tls) return usage_error(option + " and --tls", "exclude each other: the code is what TLS goes by");
  if (file && file->empty()) return usage_error(option + " ''", "must be the name of a file");
  return words && !words->empty() ? take(*words, option) : Result<void>();
}

Result<void> CodeWords::take(const std::string& text, const std::string& origin) {
  const auto normalized = stream::normalize_code(text);
  if (!normalized) return usage_error(origin, "must be words of at most 256 bytes, with '-' or spaces between");
  if (stream::code_strength(*normalized) < stream::kLeastCodeBits) {
    auto weak =
        usage_error(origin, "is too easy to guess: at least four words, all different, or 20 letters and digits");
    weak.error().hint = "'tcpbox listen PORT --receive DIR --code' makes a good one";
    return weak;
  }
  code_ = *normalized;
  return {};
}

Result<stream::Sha256> CodeWords::load() {
  if (file) {
    TCP_TRY_ASSIGN(line, read_first_line(*file));
    TCP_TRY(take(line, *file));
  } else if (code_.empty()) {
    TCP_TRY_ASSIGN(made, stream::make_code());
    code_ = made;
    made_ = true;
  }
  return stream::code_key(code_);
}

void SendWords::define(CLI::App& app) {
  app.add_option("--send-file", paths, "Send these files and directories to a 'listen --receive'")
      ->type_name("PATH")
      ->expected(1, -1)
      ->group(kTransferGroup);
  code.define(app, false);
}

Result<void> SendWords::settle(const TransferRivals& rivals) {
  TCP_TRY(code.settle(paths.empty() ? "--send-file" : "", rivals));
  if (code.words && code.words->empty()) return usage_error("--code ''", "must be the receiver's words");
  if (paths.empty()) return {};
  TCP_TRY(check_rivals("--send-file", rivals));
  for (const std::string& path : paths) {
    if (path.empty()) return usage_error("--send-file ''", "must be the name of a file or directory");
  }
  send.emplace();
  send->paths = paths;
  send->idle_timeout = rivals.common.relay.idle_timeout;
  return {};
}

void ReceiveWords::define(CLI::App& app) {
  app.add_option("--receive", directory, "Take files from a 'connect --send-file' into this directory")
      ->type_name("DIR")
      ->group(kTransferGroup);
  app.add_flag("--overwrite", overwrite, "Replace what is there already")->group(kTransferGroup);
  code.define(app, true);
  app.add_flag("--fsync", sync, "Have each file on the disk before it gets its name")->group(kTransferGroup);
}

Result<void> ReceiveWords::settle(const TransferRivals& rivals) {
  TCP_TRY(code.settle(directory ? "" : "--receive", rivals));
  if (!directory) {
    if (overwrite || sync) return usage_error(overwrite ? "--overwrite" : "--fsync", "needs --receive");
    return {};
  }
  if (directory->empty()) return usage_error("--receive ''", "must be the name of a directory");
  TCP_TRY(check_rivals("--receive", rivals));
  receive.emplace();
  receive->directory = *directory;
  receive->replaces = overwrite;
  receive->sync = sync;
  receive->idle_timeout = rivals.common.relay.idle_timeout;
  return {};
}

}  // namespace tcp::cmd
