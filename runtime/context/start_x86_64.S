// Where a fresh flow of our own backend starts on x86-64: rbx points to {function, first, second}
// (backend_own.cpp), rbp is 0, the stack pointer is aligned. Nobody called it: unwinding ends here.
#if defined(__x86_64__) && defined(WEFT_SWITCH_OWN)
    .text
    .globl weft_context_start
    .hidden weft_context_start
    .type weft_context_start, @function
    .p2align 4
weft_context_start:
    .cfi_startproc
    .cfi_undefined %rip
    .cfi_undefined %rbp
    movq 8(%rbx), %rdi
    movq 16(%rbx), %rsi
    callq *(%rbx)
    callq weft_context_returned
    ud2
    .cfi_endproc
    .size weft_context_start, . - weft_context_start
#endif

#if defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
