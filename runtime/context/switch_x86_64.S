// Our own switch for x86-64, System V ABI.
//
// A suspended flow's stack, from its saved stack pointer upwards:
//    0 MXCSR   4 x87 control word   8 r12  16 r13  24 r14  32 r15  40 rbx  48 rbp  56 pc   64 the rest
// rbp and pc lie side by side as in any frame, so a walk along frame pointers may start at 48.
//
// The last step is pop and an indirect jmp: a ret is mispredicted each time, because the return
// predictor holds the address of the flow that left (11 ns against 2.9). For the same reason this
// object does not claim to be fit for shadow stacks or indirect-branch tracking.
//
// MXCSR and the x87 control word are loaded only if the control bits differ: a load that changes
// them drains the pipeline, and sticky flags, which differ all the time, need not be preserved.

#if defined(__x86_64__) && defined(WEFT_SWITCH_OWN)

    .text

// void weft_context_jump(void** from_sp /* rdi */, void* to_sp /* rsi */)
    .globl weft_context_jump
    .hidden weft_context_jump
    .type weft_context_jump, @function
    .p2align 5
weft_context_jump:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    pushq %rbx
    .cfi_def_cfa_offset 24
    .cfi_offset %rbx, -24
    pushq %r15
    .cfi_def_cfa_offset 32
    .cfi_offset %r15, -32
    pushq %r14
    .cfi_def_cfa_offset 40
    .cfi_offset %r14, -40
    pushq %r13
    .cfi_def_cfa_offset 48
    .cfi_offset %r13, -48
    pushq %r12
    .cfi_def_cfa_offset 56
    .cfi_offset %r12, -56
    subq $8, %rsp
    .cfi_def_cfa_offset 64
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movl (%rsp), %eax
    movzwl 4(%rsp), %ecx
    movq %rsp, (%rdi)
    // From here on the other stack; it has the same shape, so the unwind rules above still hold.
    movq %rsi, %rsp
    xorl (%rsp), %eax
    testl $0xffc0, %eax
    jne .Lload_mxcsr
.Lcompare_x87:
    cmpw 4(%rsp), %cx
    jne .Lload_x87
.Lrestore:
    .cfi_remember_state
    addq $8, %rsp
    .cfi_def_cfa_offset 56
    popq %r12
    .cfi_restore %r12
    .cfi_def_cfa_offset 48
    popq %r13
    .cfi_restore %r13
    .cfi_def_cfa_offset 40
    popq %r14
    .cfi_restore %r14
    .cfi_def_cfa_offset 32
    popq %r15
    .cfi_restore %r15
    .cfi_def_cfa_offset 24
    popq %rbx
    .cfi_restore %rbx
    .cfi_def_cfa_offset 16
    popq %rbp
    .cfi_restore %rbp
    .cfi_def_cfa_offset 8
    popq %rcx
    .cfi_def_cfa_offset 0
    .cfi_register %rip, %rcx
    jmpq *%rcx
    .cfi_restore_state

.Lload_mxcsr:
    // eax: now xor saved. The saved control bits with the sticky flags as they are now.
    andl $0x3f, %eax
    xorl (%rsp), %eax
    movl %eax, (%rsp)
    ldmxcsr (%rsp)
    jmp .Lcompare_x87

.Lload_x87:
    // A sticky x87 flag would trap if the flow that continues has that exception unmasked.
    fnclex
    fldcw 4(%rsp)
    jmp .Lrestore
    .cfi_endproc
    .size weft_context_jump, . - weft_context_jump

// Where a fresh flow starts, with r12 = function, rbx and r13 = its two arguments, rbp = 0 and the
// stack pointer at the stack's top. Nobody called it: unwinding ends here.
    .globl weft_context_start
    .hidden weft_context_start
    .type weft_context_start, @function
    .p2align 4
weft_context_start:
    .cfi_startproc
    .cfi_undefined %rip
    .cfi_undefined %rbp
    movq %rbx, %rdi
    movq %r13, %rsi
    callq *%r12
    callq weft_context_returned
    ud2
    .cfi_endproc
    .size weft_context_start, . - weft_context_start

#endif

#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
