#include "runtime/stack/overflow.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/atomic.hpp"
#include "runtime/stack/os_memory.hpp"
#include "runtime/stack/stack_pool.hpp"

namespace weft::rt {
namespace {

constexpr int faults[] = {SIGSEGV, SIGBUS};

// Room for a handler that walks the stack and looks up symbols; committed only if it is used.
constexpr std::size_t signal_stack_bytes = std::size_t{256} << 10;
// One that somebody else has set up (a sanitizer, the host program) is kept if it has this much.
constexpr std::size_t enough_bytes = std::size_t{32} << 10;

// Written by install (release, after `previous`) and uninstall, read in the signal handler
// (acquire).
atomic<overflow_handler> current{nullptr};
struct sigaction previous[2];

struct machine_state {
  void* pc = nullptr;
  void* sp = nullptr;
};

machine_state state_at_fault([[maybe_unused]] const ucontext_t& at) noexcept {
#if defined(__linux__) && defined(__x86_64__)
  return {reinterpret_cast<void*>(at.uc_mcontext.gregs[REG_RIP]),
          reinterpret_cast<void*>(at.uc_mcontext.gregs[REG_RSP])};
#elif defined(__linux__) && defined(__aarch64__)
  return {reinterpret_cast<void*>(at.uc_mcontext.pc), reinterpret_cast<void*>(at.uc_mcontext.sp)};
#else
  return {};
#endif
}

// As if we were not there. A fault happens again when the handler returns, and then ends the
// process; a signal that somebody sent has to be sent again.
void die_of(int number, const siginfo_t& info) noexcept {
  struct sigaction dies = {};
  dies.sa_handler = SIG_DFL;
  sigaction(number, &dies, nullptr);
  if (info.si_code <= 0) raise(number);
}

void pass_on(int number, siginfo_t* info, void* state) noexcept {
  const struct sigaction& before = previous[number == SIGSEGV ? 0 : 1];
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(number, info, state);
  if (before.sa_handler == SIG_IGN && info->si_code <= 0) return;
  if (before.sa_handler == SIG_IGN || before.sa_handler == SIG_DFL) return die_of(number, *info);
  before.sa_handler(number);
}

void on_fault(int number, siginfo_t* info, void* state) {
  const int error = errno;
  const overflow_handler handler =
      current.load(WEFT_ORDER("overflow.on_fault", std::memory_order_acquire));
  // Only the kernel fills in an address; a signal that was sent has the sender there.
  if (handler != nullptr && info->si_code > 0) {
    const machine_state at = state_at_fault(*static_cast<const ucontext_t*>(state));
    stack_span stack;
    bool in_guard = false;
    if ((find_stack(info->si_addr, stack, in_guard) && in_guard) ||
        (find_stack(at.sp, stack, in_guard) && in_guard)) {
      handler(stack, info->si_addr, at.pc);
      die_of(number, *info);
      return;
    }
  }
  pass_on(number, info, state);
  errno = error;
}

// The signal stack that overflow_thread_enter made for this thread, and what was there before.
struct signal_stack {
  void* memory = nullptr;
  std::size_t bytes = 0;
  stack_t before = {};
};
thread_local signal_stack mine;

}  // namespace

bool overflow_install(overflow_handler handler) noexcept {
  if (current.exchange(handler, WEFT_ORDER("overflow.install", std::memory_order_acq_rel)) != nullptr)
    return true;
  struct sigaction ours = {};
  ours.sa_sigaction = &on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  for (int i = 0; i < 2; ++i) {
    if (sigaction(faults[i], &ours, &previous[i]) == 0) continue;
    const int error = errno;
    if (i == 1) sigaction(faults[0], &previous[0], nullptr);
    current.store(nullptr, std::memory_order_relaxed);
    errno = error;
    return false;
  }
  return true;
}

void overflow_uninstall() noexcept {
  if (current.exchange(nullptr, std::memory_order_relaxed) == nullptr) return;
  for (int i = 0; i < 2; ++i) {
    struct sigaction now = {};
    const bool still_ours = sigaction(faults[i], nullptr, &now) == 0 &&
                            (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == &on_fault;
    // Whoever came after us may pass faults on to on_fault, which passes them to `previous`.
    if (still_ours) sigaction(faults[i], &previous[i], nullptr);
  }
}

void overflow_thread_enter() noexcept {
  stack_t now = {};
  if (mine.memory != nullptr || sigaltstack(nullptr, &now) != 0) return;
  if ((now.ss_flags & SS_DISABLE) == 0 && now.ss_size >= enough_bytes) return;

  const std::size_t guard_bytes = round_up_to_page(1);
  const std::size_t bytes = guard_bytes + round_up_to_page(signal_stack_bytes);
  void* memory = nullptr;
  if (os_memory_in_use().reserve(bytes, &memory) != 0) return;
  (void)mprotect(memory, guard_bytes, PROT_NONE);
  stack_t fresh = {};
  fresh.ss_sp = static_cast<std::byte*>(memory) + guard_bytes;
  fresh.ss_size = bytes - guard_bytes;
  if (sigaltstack(&fresh, nullptr) != 0) {
    (void)os_memory_in_use().unreserve(memory, bytes);
    return;
  }
  mine = {memory, bytes, now};
}

void overflow_thread_leave() noexcept {
  if (mine.memory == nullptr) return;
  stack_t now = {};
  // Somebody may have put another one in place since.
  if (sigaltstack(nullptr, &now) == 0 &&
      now.ss_sp == static_cast<std::byte*>(mine.memory) + round_up_to_page(1))
    sigaltstack(&mine.before, nullptr);
  (void)os_memory_in_use().unreserve(mine.memory, mine.bytes);
  mine = {};
}

}  // namespace weft::rt
