/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tables - where the tables of lint are, for all commands that look something up in them
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/cli.h"
#include "cr/ini.h"

static int read_table(const char *path, struct cr_buf *text, struct cr_err *err)
{
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n;
	int rc = 0;

	if (!f)
		return cr_err_sys(err, -errno, "cannot read %s", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		cr_buf_addn(text, piece, n);
	if (ferror(f))
		rc = cr_err_sys(err, -EIO, "cannot read %s", path);
	fclose(f);
	if (rc == 0 && !cr_buf_ok(text))
		rc = cr_err_sys(err, -ENOMEM, "cannot read %s", path);
	return rc;
}

/* The tables lie beside the base sets. */
static int tables_dir(const char *named, struct cr_buf *dir, struct cr_err *err)
{
	cr_auto_buf struct cr_buf base = CR_BUF_INIT;
	int rc;

	if (named) {
		cr_buf_add(dir, named);
		return 0;
	}
	rc = cr_ini_base_path("base-dynamic", &base);
	if (rc < 0) {
		cr_err_sys(err, rc, "cannot find the tables of lint");
		cr_err_hint(err, "--tables DIR says where they are");
		return rc;
	}
	cr_buf_addn(dir, base.s, (size_t)(strrchr(base.s, '/') - base.s));
	return 0;
}

int cr_lint_tables(const char *named, struct cr_lint_rows *rows, struct cr_err *err)
{
	cr_auto_buf struct cr_buf dir = CR_BUF_INIT, path = CR_BUF_INIT, text = CR_BUF_INIT;
	int t, rc = tables_dir(named, &dir, err);

	for (t = 0; rc == 0 && t < CR_LINT_TABLES; t++) {
		cr_buf_clear(&path);
		cr_buf_clear(&text);
		cr_buf_addf(&path, "%s/%s", cr_buf_str(&dir), cr_lint_file((enum cr_lint_table)t));
		rc = read_table(cr_buf_str(&path), &text, err);
		if (rc == 0)
			rc = cr_lint_read(rows, (enum cr_lint_table)t, cr_buf_str(&path),
					  cr_buf_str(&text), err);
	}
	return rc;
}
