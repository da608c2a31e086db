#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/net/wait.hpp>
#include "netpoll/operation.hpp"
#include "netpoll/socket.hpp"
#include "runtime/task/wait.hpp"

namespace weft::net::detail {
namespace {

// 1: can go on without blocking, 0: not now, negative: minus the errno value.
int look(int fd, bool for_write) noexcept {
  pollfd one{fd, static_cast<short>(for_write ? POLLOUT : POLLIN), 0};
  const int n = ::poll(&one, 1, 0);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  if ((one.revents & POLLNVAL) != 0) return -EBADF;
  return n;
}

// A slot for the length of a wait; the descriptor stays its owner's.
class borrowed {
 public:
  explicit borrowed(int fd) noexcept : desc_(np::open_desc(fd)) {}
  ~borrowed() {
    if (desc_ == nullptr) return;
    int kept = -1;
    np::close_desc(*desc_, &kept);
    np::release_desc(*desc_);
  }
  borrowed(const borrowed&) = delete;
  borrowed& operator=(const borrowed&) = delete;
  np::poll_desc* get() const noexcept { return desc_; }

 private:
  np::poll_desc* desc_;
};

np::failure wait_on(int fd, bool for_write, rt::wait_limits limits, const rt::wait_place& place) {
  const borrowed slot(fd);
  if (slot.get() == nullptr) return {np::system_error_code(ENOMEM)};
  np::set_desc_deadline(*slot.get(), true, true, limits.deadline_ns);
  np::operation op(slot.get(), for_write ? np::side::write : np::side::read,
                   np::access::one_at_a_time, limits.under);
  while (op) {
    const int now = look(fd, for_write);
    if (now > 0) break;
    if (now < 0)
      op.fail(-now);
    else
      op.wait(place);
  }
  return {op.error(), op.ended_by()};
}

// It may be a connection of ours, which comes to the poller by its own number when it first waits.
bool is_socket(int fd) noexcept {
  struct stat about;
  return ::fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
}

// The poller knows a number once. Somebody else waits for the other side, or it is a connection of
// ours: a second number for the same thing serves.
np::failure wait_on_duplicate(int fd, bool for_write, rt::wait_limits limits,
                              const rt::wait_place& place) {
  struct owned {
    int fd;
    ~owned() { ::close(fd); }
  } duplicate{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
  if (duplicate.fd < 0) return {np::system_error_code(errno)};
  return wait_on(duplicate.fd, for_write, limits, place);
}

}  // namespace

[[gnu::noinline]]
void wait_fd(int fd, bool for_write, std::int64_t deadline_ns, std::error_code* error,
             rt::end_signal* under) {
  const rt::wait_place place{for_write ? rt::wait_reason::io_write : rt::wait_reason::io_read,
                             nullptr, __builtin_return_address(0)};
  rt::checkpoint();
  const rt::wait_limits limits(deadline_ns, under);
  np::failure failed;
  if (!is_socket(fd)) failed = wait_on(fd, for_write, limits, place);
  if (is_socket(fd) || failed.code == std::errc::file_exists)
    failed = wait_on_duplicate(fd, for_write, limits, place);
  np::report(failed, error, for_write ? "wait_writable" : "wait_readable");
}

}  // namespace weft::net::detail
