// weft::mutex_watch: stands in front of pthread_mutex_lock and its like, and remembers for each thread
// which mutexes a task has locked there. A debug build of weft looks at it when a task waits
// (runtime/debug/held_mutex.hpp). An object library, because it must be in the program itself to come
// before the C library.
//
// Any thread. Only what is locked while a task runs is remembered; the rest costs one look. What it can
// not see: locks of the C library's own, reader-writer and spin locks, a library linked to its own
// references (-Bsymbolic), a statically linked C library. Off under sanitizers, which stand there
// themselves.
#include "runtime/base/sanitizer.hpp"

#if defined(__linux__) && !WEFT_ASAN && !WEFT_TSAN

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>
#include <unwind.h>

#include "runtime/debug/held_mutex.hpp"
#include "runtime/task/this_thread.hpp"

namespace {

using weft::rt::held_mutex;

constexpr int most_held = 16;

struct held_mutexes {
  int count = 0;
  bool busy = false;  // the unwinder may lock something itself
  held_mutex list[most_held];
};

constinit thread_local held_mutexes mine;

template <class F>
F* next(F*& known, const char* name) noexcept {
  // Threads that come first together find the same.
  F* found = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (found == nullptr) {
    found = reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
    __atomic_store_n(&known, found, __ATOMIC_RELAXED);
  }
  return found;
}

_Unwind_Reason_Code add_frame(_Unwind_Context* at, void* to) {
  auto& held = *static_cast<held_mutex*>(to);
  if (held.frames == held_mutex::most_frames) return _URC_END_OF_STACK;
  held.locked_at[held.frames++] = reinterpret_cast<const void*>(_Unwind_GetIP(at));
  return _URC_NO_REASON;
}

[[gnu::noinline]] void note_locked(const void* mutex) noexcept {
  held_mutexes& here = mine;
  if (here.busy || here.count == most_held) return;
  here.busy = true;
  held_mutex& held = here.list[here.count++];
  held = {};
  held.mutex = mutex;
  _Unwind_Backtrace(&add_frame, &held);
  here.busy = false;
}

[[gnu::noinline]] void note_unlocked(const void* mutex) noexcept {
  held_mutexes& here = mine;
  for (int i = here.count; i-- > 0;) {
    if (here.list[i].mutex != mutex) continue;
    for (--here.count; i < here.count; ++i) here.list[i] = here.list[i + 1];
    return;
  }
}

int locked(int result, const void* mutex) noexcept {
  if (result == 0 && weft::rt::current_task() != nullptr) note_locked(mutex);
  return result;
}

const held_mutex* last_held() noexcept {
  const held_mutexes& here = mine;
  return here.count > 0 ? &here.list[here.count - 1] : nullptr;
}

[[gnu::constructor]] void begin() noexcept {
  weft::rt::held_mutex_of_this_thread.store(&last_held, std::memory_order_relaxed);
}

int (*real_lock)(pthread_mutex_t*) = nullptr;
int (*real_try)(pthread_mutex_t*) = nullptr;
int (*real_timed)(pthread_mutex_t*, const timespec*) = nullptr;
int (*real_clock)(pthread_mutex_t*, clockid_t, const timespec*) = nullptr;
int (*real_unlock)(pthread_mutex_t*) = nullptr;

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  return locked(next(real_lock, "pthread_mutex_lock")(mutex), mutex);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  return locked(next(real_try, "pthread_mutex_trylock")(mutex), mutex);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) noexcept {
  return locked(next(real_timed, "pthread_mutex_timedlock")(mutex, until), mutex);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                            const timespec* until) noexcept {
  return locked(next(real_clock, "pthread_mutex_clocklock")(mutex, clock, until), mutex);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  if (mine.count > 0) note_unlocked(mutex);
  return next(real_unlock, "pthread_mutex_unlock")(mutex);
}

}  // extern "C"

#endif
