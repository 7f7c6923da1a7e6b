/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Go 1.20's linker leaves in a stripped program: two functions, known to .gopclntab only. */
	.text
base:
first:
	jmp	1f
	ret
	.byte	0xcc, 0xcc
1:
	ret
	.balign	16, 0xcc
second:
	ret
	.balign	16, 0xcc
third:
	test	%eax, %eax
	je	1f
	ret
after_recover:
	nop
	ret
1:	ret
	.balign	16, 0xcc
end:
	.globl _start
_start:
	hlt

	.section .gopclntab, "a", @progbits
tab:
	.long	0xfffffff1
	.byte	0, 0, 1, 8
	.quad	3, 0
	.quad	base
	.quad	names - tab, 0, 0, 0
	.quad	funcs - tab
names:
	.asciz	"os.(*File).ReadAt"
n2:	.asciz	"main.main"
n3:	.asciz	"main.main.func1"
	.balign	8
funcs:
	.long	first - base, f1 - funcs
	.long	second - base, f2 - funcs
	.long	third - base, f3 - funcs
	.long	end - base
f1:	.long	first - base, 0, 0, 0
f2:	.long	second - base, n2 - names, 0, 0
f3:	.long	third - base, n3 - names, 0, after_recover - third
	.section .note.GNU-stack, "", @progbits
