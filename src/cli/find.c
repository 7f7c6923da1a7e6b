/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/cli.h"

#define SUFFIX ".policy"

bool cr_colour(int fd)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no && *no) && !(term && strcmp(term, "dumb") == 0) && isatty(fd);
}

/* ~/.config/chestnut, or empty when nobody knows where home is. */
static void user_directory(struct cr_buf *out)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	struct passwd *pw;

	/* "All paths must be absolute; a relative one should be ignored" (XDG base directories). */
	if (xdg && *xdg == '/') {
		cr_buf_addf(out, "%s/chestnut", xdg);
		return;
	}
	if (!home || *home != '/') {
		pw = getpwuid(geteuid());
		home = pw ? pw->pw_dir : NULL;
	}
	if (home && *home == '/')
		cr_buf_addf(out, "%s/.config/chestnut", home);
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* mkdir -p: our own directory as the umask has it, what is missing above it for the user alone. */
static int make_directory(const char *path, struct cr_err *err)
{
	char part[PATH_MAX];
	char *slash;
	int rc;

	if (strlen(path) >= sizeof(part))
		return cr_err_sys(err, -ENAMETOOLONG, "cannot make the directory %s", path);
	strcpy(part, path);
	for (slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* What fails here for another reason than being there fails below, too. */
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			break;
		*slash = '/';
	}
	if (!slash && (mkdir(path, 0755) == 0 || errno == EEXIST))
		return 0;
	rc = -errno;
	cr_err_sys(err, rc, "cannot make the directory %s", slash ? part : path);
	cr_err_hint(err, "name the policy's place with -p FILE");
	return rc;
}

/* "openat" names openat.policy, and so does "openat.policy". */
static const char *suffix_for(const char *name)
{
	size_t n = strlen(name), k = strlen(SUFFIX);

	return n > k && strcmp(name + n - k, SUFFIX) == 0 ? "" : SUFFIX;
}

static int find(const char *name, bool for_learning, struct cr_buf *out, struct cr_err *err)
{
	cr_auto_buf struct cr_buf dir = CR_BUF_INIT, user = CR_BUF_INIT, site = CR_BUF_INIT;
	const char *suffix = suffix_for(name);
	int rc;

	user_directory(&dir);
	if (dir.len)
		cr_buf_addf(&user, "%s/%s%s", cr_buf_str(&dir), name, suffix);
	cr_buf_addf(&site, "%s/chestnut/%s%s", CR_SYSCONFDIR, name, suffix);
	if (!cr_buf_ok(&dir) || !cr_buf_ok(&user) || !cr_buf_ok(&site))
		return cr_err_sys(err, -ENOMEM, "cannot look for the policy %s", name);
	if (user.len && is_file(cr_buf_str(&user))) {
		cr_buf_add(out, cr_buf_str(&user));
	} else if (is_file(cr_buf_str(&site))) {
		cr_buf_add(out, cr_buf_str(&site));
	} else if (for_learning && user.len) {
		rc = make_directory(cr_buf_str(&dir), err);
		if (rc < 0)
			return rc;
		cr_buf_add(out, cr_buf_str(&user));
	} else if (for_learning) {
		cr_err_set(err, -ENOENT, "there is no home directory for the policy %s", name);
		cr_err_hint(err, "name the policy's place with -p FILE, or set XDG_CONFIG_HOME");
		return -ENOENT;
	} else {
		cr_err_set(err, -ENOENT, "there is no policy called %s", name);
		cr_err_hint(err, "looked for %s%s%s", cr_buf_str(&user), user.len ? " and " : "",
			    cr_buf_str(&site));
		return -ENOENT;
	}
	return cr_buf_ok(out) ? 0 : cr_err_sys(err, -ENOMEM, "cannot look for the policy %s", name);
}

int cr_policy_default(const char *name, bool for_learning, struct cr_buf *out, struct cr_err *err)
{
	int rc;

	cr_buf_clear(out);
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return cr_err_set(err, -EINVAL, "\"%s\" cannot be the name of a policy", name);
	rc = find(name, for_learning, out, err);
	if (rc < 0)
		cr_buf_clear(out);
	return rc;
}

int cr_policy_path(const char *name, bool for_learning, struct cr_buf *out, struct cr_err *err)
{
	if (!strchr(name, '/') && !is_file(name))
		return cr_policy_default(name, for_learning, out, err);
	cr_buf_clear(out);
	cr_buf_add(out, name);
	return cr_buf_ok(out) ? 0 : cr_err_sys(err, -ENOMEM, "cannot look for the policy %s", name);
}
