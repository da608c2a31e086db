// Our own jump from one stack to another, inline: x86-64 (System V) and aarch64 (AAPCS64).
//
// Part of context_switch, included by context.hpp. A suspended flow is a `suspended_frame` that
// lies in the frame of the function that switched. To the compiler the asm is a call that preserves
// nothing, so that it saves what it needs itself, usually in a prologue that saves it anyway; only
// what may not be named as clobbered (frame and base pointer) is saved here. Unwinders and
// debuggers see an ordinary function on both sides.
//
// No call leads in and no return leads out, for the sake of the processor's return predictor: it
// then stays in step, and the returns above are predicted wherever the two flows came the same way.
// A function that is called and ends in an indirect jump leaves one entry too many, and every
// return of the flow that continues is mispredicted, 8 ns each (a yield three calls deep 23 ns, in
// step 15); one that ends in `ret` is right only while all flows switch at the same place.
//
// The place to continue is reached by an indirect jump without a landing pad: not for processes
// that enforce indirect-branch tracking or shadow stacks.
#pragma once

namespace weft::rt {

// Where a suspended flow continues. `base`: rbx or x19, which a compiler may need for its frame.
struct suspended_frame {
  void* pc;
  void* sp;
  void* fp;
  void* base;
};

#if defined(__x86_64__)

#if defined(__AVX512F__)
#define WEFT_CLOBBERS_AVX512                                                                    \
  , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
      "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6", \
      "k7"
#else
#define WEFT_CLOBBERS_AVX512
#endif

[[gnu::always_inline]] inline void jump_own(suspended_frame* here,
                                            suspended_frame* there) noexcept {
  asm volatile(
      "leaq 1f(%%rip), %%rax\n\t"
      "movq %%rax, 0(%%rdi)\n\t"
      "movq %%rsp, 8(%%rdi)\n\t"
      "movq %%rbp, 16(%%rdi)\n\t"
      "movq %%rbx, 24(%%rdi)\n\t"
      "movq 8(%%rsi), %%rsp\n\t"
      "movq 16(%%rsi), %%rbp\n\t"
      "movq 24(%%rsi), %%rbx\n\t"
      "jmpq *0(%%rsi)\n"
      "1:"
      : "+D"(here), "+S"(there)
      :
      : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1",
        "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "xmm14", "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
        "st(7)", "cc", "memory" WEFT_CLOBBERS_AVX512);
}

#undef WEFT_CLOBBERS_AVX512

#elif defined(__aarch64__)

#if defined(__ARM_FEATURE_SVE)
#define WEFT_CLOBBERS_SVE                                                                          \
  , "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", \
      "p15"
#else
#define WEFT_CLOBBERS_SVE
#endif

[[gnu::always_inline]] inline void jump_own(suspended_frame* from, suspended_frame* to) noexcept {
  register suspended_frame* here asm("x0") = from;
  register suspended_frame* there asm("x1") = to;
  asm volatile(
      "adr x9, 1f\n\t"
      "mov x10, sp\n\t"
      "stp x9, x10, [x0]\n\t"
      "stp x29, x19, [x0, #16]\n\t"
      "ldp x9, x10, [x1]\n\t"
      "ldp x29, x19, [x1, #16]\n\t"
      "mov sp, x10\n\t"
      "br x9\n"
      "1:"
      : "+r"(here), "+r"(there)
      :
      : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
        "x16", "x17", "x18", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30",
        "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",
        "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",
        "v27", "v28", "v29", "v30", "v31", "cc", "memory" WEFT_CLOBBERS_SVE);
}

#undef WEFT_CLOBBERS_SVE

#endif

}  // namespace weft::rt
