// SPDX-License-Identifier: MIT
#include "libtcp/stream/mover.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/stream/pipe_pool.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kStepBytes = 1 << 20;
constexpr std::size_t kDrainBytes = 16384;
constexpr int kPipeBytes = 1 << 20;         // /proc/sys/fs/pipe-max-size allows it to everybody
constexpr int kDefaultPipeBytes = 1 << 16;  // a pipe that has another size was given it on purpose
constexpr unsigned kSpliceFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

std::size_t step_bytes(std::uint64_t most) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(most, kStepBytes));
}

ssize_t splice_some(int input, int output, std::size_t bytes) {
  ssize_t moved = 0;
  do {
    moved = ::splice(input, nullptr, output, nullptr, bytes, kSpliceFlags);
  } while (moved < 0 && errno == EINTR);
  return moved;
}

StepResult moved(ssize_t bytes) { return {Step::moved, static_cast<std::size_t>(bytes), 0}; }

// `blocked` says which side EAGAIN means, `failed` which side is to blame for anything unforeseen.
StepResult explain(int error_number, Step blocked, Step failed) {
  if (error_number == EAGAIN) return {blocked, 0, 0};
  if (error_number == EINVAL || error_number == ENOSYS) return {Step::unsupported, 0, error_number};
  return {failed, 0, error_number};
}

void enlarge_pipe(int fd) {
  if (::fcntl(fd, F_GETPIPE_SZ) == kDefaultPipeBytes) ::fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
}

class DirectSplice final : public Mover {
 public:
  DirectSplice(MoverEnd input, MoverEnd output) : input_(input), output_(output) {
    enlarge_pipe(input.kind == DescriptorKind::pipe ? input.fd : output.fd);
  }

  StepResult step(std::uint64_t most) override {
    const ssize_t bytes = splice_some(input_.fd, output_.fd, step_bytes(most));
    if (bytes > 0) return moved(bytes);
    if (bytes == 0) return {Step::ended, 0, 0};
    const bool from_pipe = input_.kind == DescriptorKind::pipe;  // reading a pipe cannot fail
    return explain(errno, Step::blocked, from_pipe || errno == EPIPE ? Step::output_failed : Step::input_failed);
  }

 private:
  MoverEnd input_;
  MoverEnd output_;
};

class SendFile final : public Mover {
 public:
  SendFile(MoverEnd input, MoverEnd output) : input_(input), output_(output) {}

  StepResult step(std::uint64_t most) override {
    const ssize_t bytes = ::sendfile(output_.fd, input_.fd, nullptr, step_bytes(most));
    if (bytes > 0) return moved(bytes);
    if (bytes == 0) return {Step::ended, 0, 0};
    if (errno == EINTR) return moved(0);
    return explain(errno, Step::output_blocked, errno == EIO ? Step::input_failed : Step::output_failed);
  }

 private:
  MoverEnd input_;
  MoverEnd output_;
};

// Through a pipe that is held only while there are bytes in it. Bytes that the output will not take by splice(2) leave
// the pipe by way of memory.
class PipedSplice final : public Mover {
 public:
  PipedSplice(MoverEnd input, MoverEnd output) : input_(input), output_(output) {}

  StepResult step(std::uint64_t most) override {
    if (is_empty()) {
      if (draining_) return {Step::unsupported, 0, EINVAL};
      const StepResult filled = fill(step_bytes(most));
      if (filled.step != Step::moved) return filled;
    }
    const StepResult result = draining_ ? drain() : empty();
    if (inside_ == 0) release();
    return result;
  }

  bool is_empty() const noexcept override { return inside_ == 0 && held_.empty(); }

 private:
  StepResult fill(std::size_t most) {
    pipe_ = PipePool::shared().take();
    if (!pipe_) return {Step::unsupported, 0, errno};  // no descriptors left: memory will do
    const ssize_t bytes = splice_some(input_.fd, pipe_->writer.get(), most);
    if (bytes > 0) {
      inside_ = static_cast<std::size_t>(bytes);
      return moved(bytes);
    }
    const int error_number = errno;
    release();
    if (bytes == 0) return {Step::ended, 0, 0};
    return explain(error_number, Step::input_blocked, Step::input_failed);
  }

  StepResult empty() {
    const ssize_t bytes = splice_some(pipe_->reader.get(), output_.fd, inside_);
    if (bytes > 0) {
      inside_ -= static_cast<std::size_t>(bytes);
      return moved(bytes);
    }
    draining_ = bytes < 0 && errno == EINVAL;
    if (draining_) return drain();
    return explain(errno, Step::output_blocked, Step::output_failed);
  }

  StepResult drain() {
    if (held_.empty()) {
      buffer_.resize(kDrainBytes);
      const ssize_t bytes = ::read(pipe_->reader.get(), buffer_.data(), buffer_.size());
      if (bytes <= 0) return {Step::input_failed, 0, bytes == 0 ? EIO : errno};  // our own pipe, never empty here
      inside_ -= static_cast<std::size_t>(bytes);
      held_ = std::span(buffer_).first(static_cast<std::size_t>(bytes));
    }
    const ssize_t bytes = ::write(output_.fd, held_.data(), held_.size());
    if (bytes < 0 && errno == EINTR) return moved(0);
    if (bytes < 0) return explain(errno, Step::output_blocked, Step::output_failed);
    held_ = held_.subspan(static_cast<std::size_t>(bytes));
    return moved(bytes);
  }

  // One with bytes in it is of no use to others: it is closed with us.
  void release() {
    if (!pipe_) return;
    PipePool::shared().give_back(*std::move(pipe_));
    pipe_.reset();
  }

  MoverEnd input_;
  MoverEnd output_;
  std::optional<PipePair> pipe_;
  std::size_t inside_ = 0;  // bytes in the pipe
  bool draining_ = false;
  std::vector<std::byte> buffer_;  // only for draining
  std::span<std::byte> held_;      // of the buffer, not yet written
};

// splice(2) refuses a file that is opened for appending.
bool takes_splice(MoverEnd output) {
  if (output.kind == DescriptorKind::file) return (::fcntl(output.fd, F_GETFL) & O_APPEND) == 0;
  return output.kind == DescriptorKind::socket || output.kind == DescriptorKind::null;
}

}  // namespace

std::unique_ptr<Mover> make_mover(MoverEnd input, MoverEnd output) {
  const bool socket_in = input.kind == DescriptorKind::socket;
  const bool socket_out = output.kind == DescriptorKind::socket;
  if (input.kind == DescriptorKind::pipe && socket_out) return std::make_unique<DirectSplice>(input, output);
  if (socket_in && output.kind == DescriptorKind::pipe) return std::make_unique<DirectSplice>(input, output);
  if (input.kind == DescriptorKind::file && socket_out) return std::make_unique<SendFile>(input, output);
  if (socket_in && takes_splice(output)) return std::make_unique<PipedSplice>(input, output);
  return nullptr;
}

}  // namespace tcp::stream
