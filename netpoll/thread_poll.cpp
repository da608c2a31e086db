#include "netpoll/thread_poll.hpp"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/eventfd.h>
#endif

#include <algorithm>

#include "runtime/base/choose.hpp"

namespace weft::np {
namespace {

constexpr std::int64_t milli_ns = 1'000'000;

int millis_until(std::int64_t deadline_ns) noexcept {
  if (deadline_ns == rt::never_ns) return -1;
  const std::int64_t left_ns = deadline_ns - rt::now_ns();
  if (left_ns <= 0) return 0;
  return static_cast<int>(std::min<std::int64_t>((left_ns - 1) / milli_ns + 1, INT_MAX));
}

}  // namespace

thread_wake& thread_wake::here() noexcept {
  thread_local thread_wake self;
  return self;
}

thread_wake::thread_wake() noexcept {
#if defined(__linux__)
  read_fd_ = write_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (read_fd_ < 0) error_ = errno;
#else
  int ends[2];
  if (::pipe(ends) != 0) {
    error_ = errno;
    return;
  }
  read_fd_ = ends[0];
  write_fd_ = ends[1];
  for (const int fd : ends) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
#endif
}

thread_wake::~thread_wake() {
  if (read_fd_ >= 0) ::close(read_fd_);
  if (write_fd_ >= 0 && write_fd_ != read_fd_) ::close(write_fd_);
}

int thread_wake::wait(int fd, side which, std::int64_t deadline_ns) noexcept {
  const short events = which == side::read ? POLLIN : POLLOUT;
  pollfd both[2] = {{fd, events, 0}, {read_fd_, POLLIN, 0}};
  if (::poll(both, 2, millis_until(deadline_ns)) >= 0 || errno == EINTR) return 0;
  return errno;
}

void thread_wake::wake() noexcept {
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  (void)!::write(write_fd_, &one, sizeof one);
  errno = saved_errno;
}

void thread_wake::drain() noexcept {
  std::uint64_t ignored[2];
  (void)!::read(read_fd_, ignored, sizeof ignored);
}

}  // namespace weft::np
