#include "runtime/base/asymmetric_fence.hpp"

#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "runtime/base/check.hpp"

namespace weft::rt {
namespace {

#if defined(__linux__) && defined(__NR_membarrier)
long membarrier(int command) noexcept { return syscall(__NR_membarrier, command, 0, 0); }

bool register_membarrier() noexcept {
  const long offered = membarrier(MEMBARRIER_CMD_QUERY);
  return offered > 0 && (offered & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
         membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}
#else
bool register_membarrier() noexcept { return false; }
#endif

}  // namespace

bool asymmetric_has_membarrier = register_membarrier();

void asymmetric_heavy(const char*) noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
#if defined(__linux__) && defined(__NR_membarrier)
  if (!asymmetric_has_membarrier) return;
  // A fork()ed child inherits the flag but not the registration: register again, once.
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0) return;
  WEFT_CHECK(register_membarrier() && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0,
             "membarrier worked before and does not now");
#endif
}

}  // namespace weft::rt
