/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cr/unwind.h"

/* "f (f.c:7)", "f+0x12 (libf.so)", "libf.so+0x1234", "0x7f0012345678" */
static void print_one(const struct cr_frame *f, struct cr_buf *out)
{
	unsigned long long offset = f->offset;

	if (f->func && f->file)
		cr_buf_addf(out, "%s (%s:%u)", f->func, f->file, f->line);
	else if (f->func && f->object)
		cr_buf_addf(out, "%s+0x%llx (%s)", f->func, offset, f->object);
	else if (f->object)
		cr_buf_addf(out, "%s+0x%llx", f->object, offset);
	else
		cr_buf_addf(out, "0x%llx", (unsigned long long)f->pc);
}

void cr_frames_print(const struct cr_frame *frames, size_t n, size_t max, struct cr_buf *out)
{
	cr_auto_buf struct cr_buf one = CR_BUF_INIT;
	size_t i, start = out->len;

	for (i = 0; i < n; i++) {
		cr_buf_clear(&one);
		if (i)
			cr_buf_add(&one, " < ");
		print_one(&frames[i], &one);
		if (!cr_buf_ok(&one) || out->len - start + one.len > max)
			return;
		cr_buf_add(out, cr_buf_str(&one));
	}
}
