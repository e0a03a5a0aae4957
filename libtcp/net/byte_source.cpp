// SPDX-License-Identifier: MIT
// The only file that knows zlib.
#include "libtcp/net/byte_source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kBufferBytes = 512 * 1024;  // stays in a second-level cache
constexpr std::size_t kCompressedBytes = 64 * 1024;
constexpr int kGzipOnly = 16 + MAX_WBITS;  // inflateInit2()

// Regular files and pipes hold captures; what else a path can name is refused with its kind.
Result<mode_t> check_kind(int fd, const std::string& attempt) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error(attempt);
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK: return status.st_mode & S_IFMT;
    case S_IFDIR: return system_error(attempt, EISDIR);
    case S_IFCHR: return make_error(Errc::invalid_input, attempt, ::isatty(fd) != 0 ? "is a terminal" : "is a device");
    default: return make_error(Errc::invalid_input, attempt, "is neither a file nor a pipe");
  }
}

constexpr int kLookMilliseconds = 200;  // how often a wait looks for the stop: a signal may come just before it

// Where bytes come from, one read at a time.
struct Origin {
  UniqueFd fd;
  std::string attempt;
  const std::atomic<bool>* stop = nullptr;
  bool waits = false;  // a pipe or a socket

  [[nodiscard]] bool stopped() const { return stop != nullptr && stop->load(std::memory_order_relaxed); }

  [[nodiscard]] Result<std::size_t> read(std::uint8_t* to, std::size_t room) const {
    while (!stopped()) {
      pollfd ready{fd.get(), POLLIN, 0};
      if (waits && ::poll(&ready, 1, kLookMilliseconds) <= 0) continue;
      const ssize_t count = ::read(fd.get(), to, room);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR && errno != EAGAIN) return system_error(attempt);
    }
    return make_error(Errc::interrupted, attempt);
  }
};

// Decompresses one gzip member after another.
class Inflater {
 public:
  Inflater() : input_(kCompressedBytes) {}
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { ::inflateEnd(&stream_); }

  // `begin`: what was read before it was known to be gzip.
  bool start(std::span<const std::uint8_t> begin) {
    std::ranges::copy(begin, input_.begin());
    stream_.next_in = input_.data();
    stream_.avail_in = static_cast<uInt>(begin.size());
    return ::inflateInit2(&stream_, kGzipOnly) == Z_OK;
  }

  // Some bytes, or 0 at the end.
  Result<std::size_t> read(const Origin& origin, std::uint8_t* to, std::size_t room) {
    stream_.next_out = to;
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(room, kBufferBytes));
    const uInt before = stream_.avail_out;
    while (stream_.avail_out == before && !ended_) {
      if (stream_.avail_in == 0) {
        TCP_TRY_ASSIGN(count, origin.read(input_.data(), input_.size()));
        if (count == 0) return end(origin.attempt);
        stream_.next_in = input_.data();
        stream_.avail_in = static_cast<uInt>(count);
      }
      within_member_ = true;
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        within_member_ = false;
        ::inflateReset(&stream_);
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        ended_ = true;
        return make_error(Errc::malformed, origin.attempt, "its gzip compression is damaged");
      }
    }
    return before - stream_.avail_out;
  }

 private:
  Result<std::size_t> end(const std::string& attempt) {
    ended_ = true;
    if (within_member_) return make_error(Errc::malformed, attempt, "its gzip compression breaks off");
    return 0;
  }

  z_stream stream_{};
  std::vector<std::uint8_t> input_;
  bool within_member_ = true;
  bool ended_ = false;
};

}  // namespace

struct ByteSource::Impl {
  Origin origin;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(kBufferBytes);
  std::size_t begin = 0;  // of what was read and not yet consumed
  std::size_t end = 0;
  bool ended = false;
  bool recognized = false;
  std::unique_ptr<Inflater> inflater;

  Result<void> fill(std::size_t room);
  Result<void> recognize();
  void make_room(std::size_t needed);
};

ByteSource::ByteSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

Result<ByteSource> ByteSource::open(const std::string& path, const std::atomic<bool>* stop) {
  auto impl = std::make_unique<Impl>();
  Origin& origin = impl->origin;
  origin.attempt = "read " + (path == "-" ? "standard input" : path);
  origin.stop = stop;
  origin.fd = UniqueFd(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                   : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!origin.fd) return system_error(origin.attempt);
  TCP_TRY_ASSIGN(kind, check_kind(origin.fd.get(), origin.attempt));
  origin.waits = kind != S_IFREG;
  (void)::posix_fadvise(origin.fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return ByteSource(std::move(impl));
}

const std::string& ByteSource::attempt() const noexcept { return impl_->origin.attempt; }

// The bytes that are left move to the front; the buffer grows only for a piece larger than itself.
void ByteSource::Impl::make_room(std::size_t needed) {
  if (begin != 0) std::memmove(buffer.data(), buffer.data() + begin, end - begin);
  end -= begin;
  begin = 0;
  if (needed > buffer.size()) buffer.resize(needed);
}

Result<void> ByteSource::Impl::fill(std::size_t room) {
  std::uint8_t* to = buffer.data() + end;
  auto count = inflater ? inflater->read(origin, to, room) : origin.read(to, room);
  if (!count) {
    ended = true;
    return std::unexpected(std::move(count).error());
  }
  ended = *count == 0;
  end += *count;
  return {};
}

// What begins like gzip (RFC 1952 §2.3.1) is unpacked from its beginning.
Result<void> ByteSource::Impl::recognize() {
  recognized = true;
  while (end < 2 && !ended) TCP_TRY(fill(kCompressedBytes - end));
  if (end < 2 || buffer[0] != 0x1f || buffer[1] != 0x8b) return {};
  inflater = std::make_unique<Inflater>();
  if (!inflater->start({buffer.data(), end}))
    return make_error(Errc::unsupported, origin.attempt, "zlib has no memory");
  end = 0;
  ended = false;
  return {};
}

Result<std::span<const std::uint8_t>> ByteSource::view(std::size_t consumed, std::size_t needed) {
  Impl& impl = *impl_;
  impl.begin += std::min(consumed, impl.end - impl.begin);
  if (impl.end - impl.begin < needed && !impl.ended) {
    impl.make_room(needed);
    if (!impl.recognized) TCP_TRY(impl.recognize());
    while (impl.end < needed && !impl.ended) TCP_TRY(impl.fill(impl.buffer.size() - impl.end));
  }
  return std::span<const std::uint8_t>(impl.buffer.data() + impl.begin, impl.end - impl.begin);
}

}  // namespace tcp::net
