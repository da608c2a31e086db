// The least that a switch between two stacks can be: inline assembly that saves the stack and frame
// pointers, lets the compiler save what it needs, and preserves nothing else (no floating-point
// control, no exception state, no errno).
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/harness.hpp"

#if defined(__x86_64__)
namespace {

[[gnu::always_inline]] inline void bare_switch(void** from, void* const* to) {
  asm volatile(
      "leaq -128(%%rsp), %%rsp\n\t"  // keep off the red zone
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rbp\n\t"
      "pushq %%rax\n\t"
      "movq %%rsp, (%%rdi)\n\t"
      "movq (%%rsi), %%rsp\n\t"
      "popq %%rax\n\t"
      "jmp *%%rax\n"
      "1:\n\t"
      "popq %%rbp\n\t"
      "leaq 128(%%rsp), %%rsp\n\t"
      : "+D"(from), "+S"(to)
      :
      : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc",
        "memory");
}

void* main_sp = nullptr;
void* other_sp = nullptr;

void other() {
  for (;;) {
    bare_switch(&other_sp, &main_sp);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 1);
  std::vector<void*> stack(8192);
  // As if `other` had been called: the stack pointer is 8 off a multiple of 16 at its first line.
  const auto end = reinterpret_cast<std::uintptr_t>(stack.data() + stack.size());
  const auto top = end & ~std::uintptr_t{15};
  auto* sp = reinterpret_cast<void**>(top) - 2;
  *sp = reinterpret_cast<void*>(&other);
  other_sp = sp;
  bench::measure(a, "switch", "limit", [](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; i += 2) {  // there and back: two switches
      bare_switch(&main_sp, &other_sp);
    }
  });
}
#else
int main() {
  std::fprintf(stderr, "the bare switch is written for x86-64 only\n");
  return 3;
}
#endif
