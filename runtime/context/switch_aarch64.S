// Our own switch for aarch64, AAPCS64.
//
// A suspended flow's stack, from its saved stack pointer upwards:
//    0 fpcr  16 d8..d15  80 x19..x28  160 x29  168 pc   176 the rest
// x29 and pc lie side by side as in any frame record, so a walk along frame pointers may start at 160.
//
// The last step is a branch through x9: a ret is mispredicted each time. For the same reason this
// object does not claim to be fit for branch target identification. FPCR (the control modes) is
// written only if it differs; FPSR holds sticky flags, which need not be preserved.

#if defined(__aarch64__) && defined(WEFT_SWITCH_OWN)

    .text

// void weft_context_jump(void** from_sp /* x0 */, void* to_sp /* x1 */)
    .globl weft_context_jump
    .hidden weft_context_jump
    .type weft_context_jump, %function
    .p2align 5
weft_context_jump:
    .cfi_startproc
    sub sp, sp, #176
    .cfi_def_cfa_offset 176
    stp x29, x30, [sp, #160]
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    stp x27, x28, [sp, #144]
    .cfi_offset x27, -32
    .cfi_offset x28, -24
    stp x25, x26, [sp, #128]
    .cfi_offset x25, -48
    .cfi_offset x26, -40
    stp x23, x24, [sp, #112]
    .cfi_offset x23, -64
    .cfi_offset x24, -56
    stp x21, x22, [sp, #96]
    .cfi_offset x21, -80
    .cfi_offset x22, -72
    stp x19, x20, [sp, #80]
    .cfi_offset x19, -96
    .cfi_offset x20, -88
    stp d14, d15, [sp, #64]
    .cfi_offset d14, -112
    .cfi_offset d15, -104
    stp d12, d13, [sp, #48]
    .cfi_offset d12, -128
    .cfi_offset d13, -120
    stp d10, d11, [sp, #32]
    .cfi_offset d10, -144
    .cfi_offset d11, -136
    stp d8, d9, [sp, #16]
    .cfi_offset d8, -160
    .cfi_offset d9, -152
    mrs x10, fpcr
    str x10, [sp]
    mov x9, sp
    str x9, [x0]
    // From here on the other stack; it has the same shape, so the unwind rules above still hold.
    mov sp, x1
    ldr x11, [sp]
    cmp x10, x11
    b.ne 2f
1:
    ldp d8, d9, [sp, #16]
    ldp d10, d11, [sp, #32]
    ldp d12, d13, [sp, #48]
    ldp d14, d15, [sp, #64]
    ldp x19, x20, [sp, #80]
    ldp x21, x22, [sp, #96]
    ldp x23, x24, [sp, #112]
    ldp x25, x26, [sp, #128]
    ldp x27, x28, [sp, #144]
    ldp x29, x30, [sp, #160]
    mov x9, x30
    .cfi_remember_state
    add sp, sp, #176
    .cfi_def_cfa_offset 0
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    .cfi_restore d8
    .cfi_restore d9
    .cfi_restore d10
    .cfi_restore d11
    .cfi_restore d12
    .cfi_restore d13
    .cfi_restore d14
    .cfi_restore d15
    br x9
    .cfi_restore_state
2:
    msr fpcr, x11
    b 1b
    .cfi_endproc
    .size weft_context_jump, . - weft_context_jump

// Where a fresh flow starts, with x19 = function, x20 and x21 = its two arguments, x29 = 0 and the
// stack pointer at the stack's top. Nobody called it: unwinding ends here.
    .globl weft_context_start
    .hidden weft_context_start
    .type weft_context_start, %function
    .p2align 4
weft_context_start:
    .cfi_startproc
    .cfi_undefined x30
    .cfi_undefined x29
    mov x0, x20
    mov x1, x21
    blr x19
    bl weft_context_returned
    brk #1
    .cfi_endproc
    .size weft_context_start, . - weft_context_start

#endif

#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
