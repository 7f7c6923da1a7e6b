/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions and every way to leave them. A label x_FUNCTION_N_KIND marks an exit that must be
 * found; nothing else is one, though there are bytes of a ret (0xc3) in many a place.
 */
#define F(name) .globl name; .type name, @function; name:
#ifdef __x86_64__
#define AX %rax
#define CX %rcx
#else
#define AX %eax
#define CX %ecx
#endif
#define END(name) .size name, . - name

	.text
F(rets)
	test	%edi, %edi
	je	1f
	jl	2f
	jp	3f
x_rets_1_ret:
	ret
1:
x_rets_2_ret:
	rep; ret
2:
x_rets_3_ret:
	.byte	0xf2, 0xc3		/* bnd ret */
3:
x_rets_4_ret:
	ret	$16
END(rets)

F(far)
x_far_1_pointer:
	lret
END(far)

F(loops)
	dec	%edi
	jz	1f
	jmp	loops
1:
x_loops_1_ret:
	ret
END(loops)

F(tails)
	test	%edi, %edi
x_tails_1_jump:
	je	rets
	js	1f
	jp	2f
	jo	3f
x_tails_2_jump:
	jmp	rets
1:
x_tails_3_pointer:
	jmp	*AX
2:
	pop	CX
x_tails_4_pointer:
	jmp	*CX
3:
x_tails_5_pointer:
	jmp	*8(CX)
END(tails)

F(thunked)
x_thunked_1_pointer:
	jmp	__x86_indirect_thunk_rax
END(thunked)

/* "call 1f" pushes an address; it is no call of another function. */
F(here)
	call	1f
1:	pop	AX
x_here_1_ret:
	ret
END(here)

F(data)
	jmp	1f
	.byte	0xc3, 0xc3, 0x48, 0xc3
1:	mov	$0xc3c3c3c3, %eax
	nopw	0xc3c3(AX)
	jmp	2f
	.balign	16, 0xc3
2:
x_data_1_ret:
	ret
	.byte	0xc3, 0xc3, 0xc3, 0xc3
END(data)

F(stops)
	test	%edi, %edi
	je	1f
	ud2
	.byte	0xc3
1:	hlt
	.byte	0xc3
END(stops)

/* Its part is in another section and jumps back. */
F(hot)
	test	%edi, %edi
	jne	hot.cold
1:
x_hot_1_ret:
	ret
2:	nop
	jmp	1b
END(hot)
	.section .text.unlikely, "ax", @progbits
	.type hot.cold, @function
hot.cold:
	test	%esi, %esi
	je	2b
x_hot_2_ret:
	ret
	.size hot.cold, . - hot.cold
	.text

/* Neither its size nor an unwind table is there. */
	.globl nosize
	.type nosize, @function
nosize:
	nop
x_nosize_1_ret:
	ret
F(behind)
x_behind_1_ret:
	ret
END(behind)

/* Only the unwind table says where it ends. */
	.globl framed
	.type framed, @function
framed:
	.cfi_startproc
	test	%edi, %edi
	je	1f
x_framed_1_ret:
	ret
1:
x_framed_2_ret:
	ret
	.cfi_endproc
	.byte	0xc3, 0xc3

#ifdef __x86_64__
/* A table in the text: its words have the byte 0xc3 as well. */
F(table)
	cmp	$2, %edi
	ja	9f
	mov	%edi, %eax
	lea	8f(%rip), %rdx
	movslq	(%rdx,%rax,4), %rax
	add	%rdx, %rax
	jmp	*%rax
8:	.long	1f - 8b, 2f - 8b, 3f - 8b
1:
x_table_1_ret:
	ret
	.fill	0xc3 - 13, 1, 0x90
2:
x_table_2_ret:
	ret
3:	nop
9:
x_table_3_ret:
	ret
END(table)

/* Absolute ones, in their own section; the word behind the last points into an instruction. */
F(absolute)
	cmp	$1, %edi
	jbe	1f
x_absolute_1_ret:
	ret
1:	mov	%edi, %eax
	jmp	*8f(,%rax,8)
2:
x_absolute_2_ret:
	ret
3:	mov	$0xc3, %eax
4:
x_absolute_3_ret:
	ret
END(absolute)
	.section .rodata
	.balign	8
8:	.quad	2b, 3b
	.quad	3b + 1
	.text

/* Nothing says how large the table is: it ends where a word leads nowhere sensible. */
F(unbounded)
	movzbl	(%rdi), %eax
	jmp	*8f(,%rax,8)
2:
x_unbounded_1_ret:
	ret
3:	mov	$0xc3, %eax
x_unbounded_2_ret:
	ret
END(unbounded)
	.section .rodata
8:	.quad	2b, 3b
	.quad	3b + 1
	.text

/* A jump that cannot be understood, and code behind it that only it leads to. */
F(hidden)
	mov	8(%rdi), %rax
x_hidden_1_pointer:
	jmp	*%rax
	.balign	16
	nop
x_hidden_2_ret:
	ret
END(hidden)

/* The same with data there that the code reads. */
F(constants)
	mov	8f(%rip), %rax
x_constants_1_pointer:
	jmp	*%rax
8:	.byte	0x90, 0x90, 0xc3, 0x90, 0xc3, 0xc3, 0xc3, 0xc3
END(constants)

/* As old C libraries do: both ways to read it are right. */
F(prefixed)
	cmpl	$0, (%rdi)
	je	1f
	.byte	0xf0
1:	incl	(%rdi)
x_prefixed_1_ret:
	ret
END(prefixed)
#endif

F(__x86_indirect_thunk_rax)
	ud2
END(__x86_indirect_thunk_rax)

	.globl _start
_start:
	hlt
	.section .note.GNU-stack, "", @progbits
