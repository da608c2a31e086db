// Where a fresh flow of our own backend starts on aarch64: x19 points to {function, first, second}
// (backend_own.cpp), x29 is 0, the stack pointer is aligned. Nobody called it: unwinding ends here.
#if defined(__aarch64__) && defined(WEFT_SWITCH_OWN)
    .text
    .globl weft_context_start
    .hidden weft_context_start
    .type weft_context_start, %function
    .p2align 4
weft_context_start:
    .cfi_startproc
    .cfi_undefined x30
    .cfi_undefined x29
    ldp x0, x1, [x19, #8]
    ldr x9, [x19]
    blr x9
    bl weft_context_returned
    brk #1
    .cfi_endproc
    .size weft_context_start, . - weft_context_start
#endif

#if defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
