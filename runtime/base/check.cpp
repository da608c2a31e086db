#include "runtime/base/check.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace weft::rt {
namespace {
// Written by run/start, read by fatal(); exchanged so that a fatal error inside the hook ends.
std::atomic<fatal_hook_fn> the_hook{nullptr};
}  // namespace

void set_fatal_hook(fatal_hook_fn hook) noexcept { the_hook.store(hook, std::memory_order_release); }

void fatal(const char* what) noexcept {
  std::fflush(stdout);
  std::fprintf(stderr, "fatal error: %s\n", what);
  if (fatal_hook_fn hook = the_hook.exchange(nullptr, std::memory_order_acq_rel)) hook();
  std::fflush(stderr);
  std::_Exit(2);
}

void check_failed(const char* condition, const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "weft: internal check failed: %s (%s) at %s:%d\n", what, condition, file,
               line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace weft::rt
