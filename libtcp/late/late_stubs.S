/* SPDX-License-Identifier: MIT
   Functions of libraries that are loaded when one of them is first called (System V ABI for x86-64). Each stands for
   the one of the same name: it jumps to what its entry holds, which is the way to late_bind until the first call. */

/* struct LateEntry of late_load.cpp */
.macro late_function library, name
  .text
  .p2align 4
  .globl \name
  .hidden \name
  .type \name, @function
\name:
  endbr64
  jmp *late_entry_\name(%rip)
  .size \name, . - \name
late_first_\name:
  endbr64
  leaq late_entry_\name(%rip), %r11
  jmp late_bind

  .section .rodata.str1.1, "aMS", @progbits, 1
late_name_\name:
  .asciz "\name"

  .data
  .p2align 3
late_entry_\name:
  .quad late_first_\name
  .quad late_name_\name
  .quad \library
.endm

/* %r11: the entry. All that may hold an argument is kept, the number of vector arguments in %al among it. */
  .text
  .type late_bind, @function
late_bind:
  pushq %rbp
  movq %rsp, %rbp
  subq $208, %rsp
  movq %rax, -8(%rbp)
  movq %rdi, -16(%rbp)
  movq %rsi, -24(%rbp)
  movq %rdx, -32(%rbp)
  movq %rcx, -40(%rbp)
  movq %r8, -48(%rbp)
  movq %r9, -56(%rbp)
  movq %r10, -64(%rbp)
  movups %xmm0, -80(%rbp)
  movups %xmm1, -96(%rbp)
  movups %xmm2, -112(%rbp)
  movups %xmm3, -128(%rbp)
  movups %xmm4, -144(%rbp)
  movups %xmm5, -160(%rbp)
  movups %xmm6, -176(%rbp)
  movups %xmm7, -192(%rbp)
  movq %r11, %rdi
  call tcp_late_resolve
  movq %rax, %r11
  movq -8(%rbp), %rax
  movq -16(%rbp), %rdi
  movq -24(%rbp), %rsi
  movq -32(%rbp), %rdx
  movq -40(%rbp), %rcx
  movq -48(%rbp), %r8
  movq -56(%rbp), %r9
  movq -64(%rbp), %r10
  movups -80(%rbp), %xmm0
  movups -96(%rbp), %xmm1
  movups -112(%rbp), %xmm2
  movups -128(%rbp), %xmm3
  movups -144(%rbp), %xmm4
  movups -160(%rbp), %xmm5
  movups -176(%rbp), %xmm6
  movups -192(%rbp), %xmm7
  leave
  jmp *%r11
  .size late_bind, . - late_bind

#define TCP_LATE_PCAP(name) late_function 0, name
#define TCP_LATE_OPENSSL(name) late_function 1, name
#include "libtcp/late/late_functions.inc"

  .section .note.GNU-stack, "", @progbits
