#include "runtime/stack/os_memory.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

namespace weft::rt {
namespace {

// Runs a call and gives its error as a value; the caller's errno stays.
template <class Call>
int error_of(Call call) noexcept {
  const int before = errno;
  const int error = call() == 0 ? 0 : errno;
  errno = before;
  return error;
}

int reserve(std::size_t bytes, void** out) noexcept {
  return error_of([&] {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
    flags |= MAP_NORESERVE;
#endif
#ifdef MAP_STACK
    flags |= MAP_STACK;
#endif
    void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (at == MAP_FAILED) return -1;
#ifdef MADV_NOHUGEPAGE
    // A touched page must not become 2 MiB. Without huge pages in the kernel this fails: fine too.
    (void)madvise(at, bytes, MADV_NOHUGEPAGE);
#endif
    *out = at;
    return 0;
  });
}

int unreserve(void* address, std::size_t bytes) noexcept {
  return error_of([&] { return munmap(address, bytes); });
}

int guard_light(void* address, std::size_t bytes) noexcept {
  return error_of([&] { return madvise(address, bytes, MADV_GUARD_INSTALL); });
}

int guard_mapping(void* address, std::size_t bytes) noexcept {
  return error_of([&] { return mprotect(address, bytes, PROT_NONE); });
}

// The kernel is asked to write there: it says EFAULT where a program would die.
bool guard_holds(void* address) noexcept {
#if defined(SYS_uname)
  return error_of([&] { return syscall(SYS_uname, address) == 0 ? 0 : -1; }) == EFAULT;
#else
  (void)address;
  return false;
#endif
}

constexpr os_memory real{&reserve, &unreserve, &guard_light, &guard_mapping, &guard_holds};
constinit os_memory in_use = real;

}  // namespace

os_memory& os_memory_in_use() noexcept {
  return in_use;
}
const os_memory& os_memory_real() noexcept {
  return real;
}

std::size_t round_up_to_page(std::size_t bytes) noexcept {
  // Without a guard of the compiler's: a thread that forks would leave it taken in the child.
  static constinit std::atomic<std::size_t> known{0};
  std::size_t page = known.load(std::memory_order_relaxed);
  if (page == 0) {
    page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    known.store(page, std::memory_order_relaxed);
  }
  return (bytes + page - 1) / page * page;
}

}  // namespace weft::rt
