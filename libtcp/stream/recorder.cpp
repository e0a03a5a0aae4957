// SPDX-License-Identifier: MIT
#include "libtcp/stream/recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <iterator>

#include "libtcp/packet/savefile.hpp"
#include "libtcp/stream/hexdump.hpp"
#include "libtcp/stream/synthetic_flow.hpp"

namespace tcp::stream {
namespace {

using packet::SavefileFormat;

constexpr mode_t kOwnerOnly = 0600;

const char* word(Way way) { return way == Way::sent ? "sent" : "received"; }

class TextTap final : public Tap {
 public:
  TextTap(Recorder& recorder, const TapContext& context) : recorder_(recorder), id_(context.id) {
    note(fmt::format("{} {} {}", to_string(context.addresses.local), context.opened_here ? "->" : "<-",
                     to_string(context.addresses.remote)));
  }

  void on_bytes(Way way, std::span<const std::byte> bytes) override {
    std::uint64_t& offset = offsets_[way == Way::sent ? 0 : 1];
    std::string text = heading(fmt::format("{} {} bytes", word(way), bytes.size()));
    append_hexdump(text, mark_of(way), offset, bytes);
    recorder_.write(text);
    offset += bytes.size();
  }
  void on_end(Way way) override { note(fmt::format("{} the end", word(way))); }
  void on_closed(CloseReason reason) override { note(fmt::format("closed: {}", to_string(reason))); }

 private:
  [[nodiscard]] std::string heading(std::string_view what) const {
    return fmt::format("{} {} {}\n", to_rfc3339(recorder_.clock().wall_now()), id_, what);
  }
  void note(std::string_view what) { recorder_.write(heading(what)); }

  Recorder& recorder_;
  std::uint64_t id_;
  std::array<std::uint64_t, 2> offsets_{};  // sent, received
};

class PacketTap final : public Tap {
 public:
  PacketTap(Recorder& recorder, SavefileFormat format, const TapContext& context)
      : recorder_(recorder), format_(format), flow_(context, [this](packet::Bytes bytes) { add(bytes); }) {
    flow_.handshake();
    write();
  }

  void on_bytes(Way way, std::span<const std::byte> bytes) override {
    flow_.data(way, bytes);
    write();
  }
  void on_end(Way way) override {
    flow_.fin(way);
    write();
  }
  void on_closed(CloseReason reason) override {
    if (reason == CloseReason::connection_failed) {
      flow_.reset(Way::received);
    } else {
      flow_.close();
    }
    write();
  }

 private:
  void add(packet::Bytes bytes) { append_savefile_packet(pending_, format_, recorder_.clock().wall_now(), bytes); }
  void write() {
    recorder_.write(pending_);
    pending_.clear();
  }

  Recorder& recorder_;
  SavefileFormat format_;
  std::string pending_;
  SyntheticFlow flow_;
};

bool is_something_else_than_a_file(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

// A named pipe or a terminal that is non-blocking for somebody else's sake: waiting is then ours to do.
void wait_until_writable(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  ::poll(&entry, 1, -1);
}

// errno, or 0 when all of it was written.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_until_writable(fd);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

Recorder::Format Recorder::format_of(const std::string& path) {
  if (path.ends_with(".pcapng")) return Format::pcapng;
  return path.ends_with(".pcap") ? Format::pcap : Format::text;
}

Result<std::unique_ptr<Recorder>> Recorder::create(const std::string& path, const Clock& clock,
                                                   FailureHandler on_failure) {
  const int creating = is_something_else_than_a_file(path) ? 0 : O_CREAT | O_EXCL;
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | creating, kOwnerOnly));
  if (!file) {
    auto error = system_error("record to " + path).error();
    if (error.is(std::errc::file_exists))
      error.hint = "a recording replaces nothing: remove it, or choose another name";
    return std::unexpected(std::move(error));
  }
  std::unique_ptr<Recorder> recorder(
      new Recorder(std::move(file), path, format_of(path), clock, std::move(on_failure)));
  recorder->write_header();
  return recorder;
}

void Recorder::write_header() {
  if (format_ == Format::text) return;
  const SavefileFormat format = format_ == Format::pcapng ? SavefileFormat::pcapng : SavefileFormat::pcap;
  write(packet::savefile_header(format, packet::LinkType::raw, "tcpbox"));
}

std::unique_ptr<Tap> Recorder::open(const TapContext& context) {
  if (format_ == Format::text) return std::make_unique<TextTap>(*this, context);
  return std::make_unique<PacketTap>(*this, format_ == Format::pcapng ? SavefileFormat::pcapng : SavefileFormat::pcap,
                                     context);
}

void Recorder::write(std::string_view bytes) {
  if (failed_) return;
  const int error_number = write_all(file_.get(), bytes);
  if (error_number == 0) return;
  failed_ = true;
  Error error = system_error("record to " + path_, error_number).error();
  on_failure_(error);
}

}  // namespace tcp::stream
