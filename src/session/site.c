/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cr/mem.h"
#include "cr/proc.h"
#include "parts.h"

#define STACK_MAX 700	/* bytes of text: a policy line must stay below 1000 */

#define ELSEWHERE " (elsewhere)"

static const char *exe(const struct cr_site *site)
{
	struct cr_session *s = site->host;

	if (s->exe_of != site->pid) {
		if (cr_proc_exe(site->pid, s->exe, sizeof(s->exe) - sizeof(ELSEWHERE)) < 0)
			return "?";
		/* In a mount namespace of its own a program may go by any name. */
		if (s->plan.strict && !cr_proc_exe_is(site->pid, s->exe))
			strcat(s->exe, ELSEWHERE);
		s->exe_of = site->pid;
	}
	return s->exe;
}

void cr_stack_text(struct cr_unwinder *u, pid_t pid, pid_t tid, const struct cr_unwind_regs *regs,
		   struct cr_buf *out)
{
	struct cr_frame frames[CR_FRAMES_MAX];
	int n = cr_unwind_from(u, pid, tid, regs, frames, CR_FRAMES_MAX);

	if (n > 0) {
		cr_frames_print(frames, (size_t)n, STACK_MAX, out);
		cr_frames_fini(frames, (size_t)n);
	}
}

static const char *stack(const struct cr_site *site)
{
	struct cr_session *s = site->host;
	struct cr_unwind_regs regs;

	cr_buf_clear(&s->stack);
	if (!s->plan.unwinder)
		return "";
	if (s->plan.strict)
		cr_reporter_stack(s, site);
	else if (cr_unwind_regs(site->tid, &regs) == 0)
		cr_stack_text(s->plan.unwinder, site->pid, site->tid, &regs, &s->stack);
	return cr_buf_str(&s->stack);
}

static int string(const struct cr_site *site, cr_addr at, char *text, size_t size)
{
	struct cr_session *s = site->host;

	if (s->plan.strict)
		return cr_reporter_string(s, site, at, text, size);
	return cr_mem_string(site->pid, at, text, size);
}

/* "parse_header (server+0x41c0, http.c:88)": as objdump has it, not as it was mapped. */
static const char *window(const struct cr_site *site, size_t k)
{
	struct cr_session *s = site->host;
	const struct cr_function *fn;
	const char *path, *base;

	fn = cr_space_function(s->open_in, s->open[k], &path);
	if (!fn)
		return NULL;
	base = strrchr(path, '/');
	cr_buf_clear(&s->window);
	cr_buf_addf(&s->window, "%s (%s+%#llx", fn->name, base ? base + 1 : path,
		    (unsigned long long)fn->entry);
	if (fn->file) {
		base = strrchr(fn->file, '/');
		cr_buf_addf(&s->window, ", %s:%u", base ? base + 1 : fn->file, fn->line);
	}
	cr_buf_add(&s->window, ")");
	return cr_buf_ok(&s->window) ? cr_buf_str(&s->window) : NULL;
}

void cr_site_init(struct cr_site *site, struct cr_session *s, const struct cr_tracee *t)
{
	*site = (struct cr_site){
		.pid = t->tgid, .tid = t->tid, .host = s, .program = t->program,
		.exe = exe, .stack = stack, .string = string, .window = window,
	};
}

void cr_site_forget(struct cr_session *s, pid_t pid)
{
	if (s->exe_of == pid)
		s->exe_of = 0;
	if (s->plan.unwinder)
		cr_unwind_forget(s->plan.unwinder, pid);
}
