#include "netpoll/backend_kqueue.hpp"

#if __has_include(<sys/event.h>)

#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "runtime/base/choose.hpp"

namespace weft::np {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr int max_batch = 128;

// udata is a pointer on some systems and an integer on others.
template <class Udata>
Udata to_udata(poll_tag tag) noexcept {
  static_assert(sizeof(Udata) >= sizeof(poll_tag), "a tag fits into an event");
  if constexpr (std::is_pointer_v<Udata>)
    return reinterpret_cast<Udata>(static_cast<std::uintptr_t>(tag));
  else
    return static_cast<Udata>(tag);
}

template <class Udata>
poll_tag from_udata(Udata udata) noexcept {
  if constexpr (std::is_pointer_v<Udata>)
    return reinterpret_cast<std::uintptr_t>(udata);
  else
    return static_cast<poll_tag>(udata);
}

using udata_type = decltype(std::declval<struct kevent&>().udata);

struct kevent change(int fd, short filter, unsigned short flags, poll_tag tag) noexcept {
  struct kevent event {};
  event.ident = static_cast<decltype(event.ident)>(fd);
  event.filter = filter;
  event.flags = flags;
  event.udata = to_udata<udata_type>(tag);
  return event;
}

bool make_close_on_exec_nonblocking(int fd) noexcept {
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

}  // namespace

int backend_kqueue::open() noexcept {
  int ends[2] = {-1, -1};
  queue_ = ::kqueue();
  bool good = queue_ >= 0 && ::fcntl(queue_, F_SETFD, FD_CLOEXEC) == 0 && ::pipe(ends) == 0;
  wake_read_ = ends[0];
  wake_write_ = ends[1];
  if (good) {
    const struct kevent wake = change(wake_read_, EVFILT_READ, EV_ADD, 0);
    good = make_close_on_exec_nonblocking(wake_read_) &&
           make_close_on_exec_nonblocking(wake_write_) &&
           ::kevent(queue_, &wake, 1, nullptr, 0, nullptr) == 0;
  }
  if (!good) {
    const int error = errno;
    close();
    return error;
  }
  flag_.reset();
  return 0;
}

void backend_kqueue::close() noexcept {
  for (int* fd : {&wake_read_, &wake_write_, &queue_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

int backend_kqueue::add(int fd, poll_tag tag) noexcept {
  const struct kevent both[2] = {change(fd, EVFILT_READ, EV_ADD | EV_CLEAR, tag),
                                 change(fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, tag)};
  return ::kevent(queue_, both, 2, nullptr, 0, nullptr) == 0 ? 0 : errno;
}

int backend_kqueue::remove(int fd) noexcept {
  int error = 0;
  for (const short filter : {short{EVFILT_READ}, short{EVFILT_WRITE}}) {
    const struct kevent gone = change(fd, filter, EV_DELETE, 0);
    if (::kevent(queue_, &gone, 1, nullptr, 0, nullptr) != 0) error = errno;
  }
  return error;
}

int backend_kqueue::wait(std::int64_t timeout_ns, io_event* out, int capacity) noexcept {
  struct kevent events[max_batch];
  timespec timeout{};
  if (timeout_ns > 0) {
    // Some systems refuse very long timeouts; coming back early is allowed.
    const std::int64_t bounded_ns = std::min(timeout_ns, 86'400 * second_ns);
    timeout.tv_sec = static_cast<time_t>(bounded_ns / second_ns);
    timeout.tv_nsec = static_cast<long>(bounded_ns % second_ns);
  }
  const int n = ::kevent(queue_, nullptr, 0, events, std::min(capacity, max_batch),
                         timeout_ns == rt::never_ns ? nullptr : &timeout);
  int count = 0;
  for (int i = 0; i < n; ++i) {
    const struct kevent& event = events[i];
    if (event.ident == static_cast<decltype(event.ident)>(wake_read_)) {
      if (timeout_ns <= 0) continue;
      char ignored[16];
      (void)!::read(wake_read_, ignored, sizeof ignored);
      flag_.lower();
      continue;
    }
    // The end of the stream comes on the read filter and concerns writers too.
    const bool broken = (event.flags & (EV_EOF | EV_ERROR)) != 0;
    out[count++] = {from_udata(event.udata), broken || event.filter == EVFILT_READ,
                    broken || event.filter == EVFILT_WRITE};
  }
  return count;
}

void backend_kqueue::interrupt() noexcept {
  if (!flag_.raise()) return;
  const int saved_errno = errno;
  (void)!::write(wake_write_, "", 1);
  errno = saved_errno;
}

}  // namespace weft::np

#endif
