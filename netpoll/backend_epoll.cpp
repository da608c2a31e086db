#include "netpoll/backend_epoll.hpp"

#if defined(__linux__)

#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/choose.hpp"

namespace weft::np {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t milli_ns = 1'000'000;
constexpr poll_tag wake_tag = ~poll_tag{0};  // no slot has this index
constexpr int max_batch = 128;

int wait_millis(int epoll, epoll_event* out, int capacity, std::int64_t timeout_ns) noexcept {
  int millis = -1;
  if (timeout_ns != rt::never_ns) {
    const std::int64_t up = timeout_ns / milli_ns + (timeout_ns % milli_ns != 0 ? 1 : 0);
    millis = static_cast<int>(std::min<std::int64_t>(up, INT_MAX));
  }
  return ::epoll_wait(epoll, out, capacity, millis);
}

// By system call number: older C libraries know epoll_pwait2 less often than kernels do.
int wait_for(int epoll, epoll_event* out, int capacity, std::int64_t timeout_ns) noexcept {
#if defined(SYS_epoll_pwait2)
  // 0: not known, 1: there, 2: not there. Any thread; all come to the same answer.
  static std::atomic<int> has_fine_timeout{0};
  if (timeout_ns > 0 && timeout_ns != rt::never_ns &&
      has_fine_timeout.load(std::memory_order_relaxed) != 2) {
    timespec timeout{};
    timeout.tv_sec = static_cast<time_t>(timeout_ns / second_ns);
    timeout.tv_nsec = static_cast<long>(timeout_ns % second_ns);
    const long n = ::syscall(SYS_epoll_pwait2, epoll, out, capacity, &timeout, nullptr, 0);
    if (n >= 0) return static_cast<int>(n);
    // A sandbox that does not know the call may answer EPERM.
    if (errno != ENOSYS && errno != EPERM) return -1;
    has_fine_timeout.store(2, std::memory_order_relaxed);
  }
#endif
  return wait_millis(epoll, out, capacity, timeout_ns);
}

const epoll_calls real_calls = {
    []() noexcept { return ::epoll_create1(EPOLL_CLOEXEC); },
    [](int epoll, int operation, int fd, epoll_event* event) noexcept {
      return ::epoll_ctl(epoll, operation, fd, event);
    },
    wait_for,
    []() noexcept { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); },
};

epoll_calls calls_in_use = real_calls;

}  // namespace

epoll_calls& epoll_in_use() noexcept { return calls_in_use; }
const epoll_calls& epoll_real() noexcept { return real_calls; }

int backend_epoll::open() noexcept {
  epoll_event event{};
  event.events = EPOLLIN;  // level-triggered: a poll that only looks leaves it ready
  event.data.u64 = wake_tag;
  epoll_ = calls_in_use.create();
  if (epoll_ >= 0) wake_ = calls_in_use.create_wake();
  if (epoll_ < 0 || wake_ < 0 || calls_in_use.control(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    const int error = errno;
    close();
    return error;
  }
  flag_.reset();
  return 0;
}

void backend_epoll::close() noexcept {
  if (wake_ >= 0) ::close(wake_);
  if (epoll_ >= 0) ::close(epoll_);
  wake_ = epoll_ = -1;
}

int backend_epoll::add(int fd, poll_tag tag) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = tag;
  return calls_in_use.control(epoll_, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

int backend_epoll::remove(int fd) noexcept {
  epoll_event event{};
  return calls_in_use.control(epoll_, EPOLL_CTL_DEL, fd, &event) == 0 ? 0 : errno;
}

int backend_epoll::wait(std::int64_t timeout_ns, io_event* out, int capacity) noexcept {
  epoll_event events[max_batch];
  const int n = calls_in_use.wait(epoll_, events, std::min(capacity, max_batch),
                                  std::max<std::int64_t>(timeout_ns, 0));
  int count = 0;
  for (int i = 0; i < n; ++i) {
    const std::uint32_t what = events[i].events;
    if (events[i].data.u64 == wake_tag) {
      if (timeout_ns <= 0) continue;
      std::uint64_t ignored = 0;
      (void)!::read(wake_, &ignored, sizeof ignored);
      flag_.lower();
      continue;
    }
    const bool broken = (what & (EPOLLERR | EPOLLHUP)) != 0;
    out[count++] = {events[i].data.u64, broken || (what & (EPOLLIN | EPOLLRDHUP | EPOLLPRI)) != 0,
                    broken || (what & EPOLLOUT) != 0};
  }
  return count;
}

void backend_epoll::interrupt() noexcept {
  if (!flag_.raise()) return;
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  errno = saved_errno;
}

}  // namespace weft::np

#endif
