/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cr/image.h"
#include "cr/log.h"
#include "cr/names.h"
#include "seat.h"

int cr_seat_init(struct cr_seat *seat, const char *exe, const char *path, struct cr_policy *policy)
{
	*seat = (struct cr_seat){ .exe = strdup(exe), .path = strdup(path), .policy = policy };
	return seat->exe && seat->path ? 0 : -ENOMEM;
}

void cr_seat_fini(struct cr_seat *seat)
{
	cr_learn_free(seat->learn);
	cr_enforce_free(seat->enforce);
	cr_store_free(seat->store);
	cr_policy_free(seat->policy);
	cr_run_windows_fini(&seat->windows);
	free(seat->path);
	free(seat->exe);
	*seat = (struct cr_seat){ 0 };
}

/* Which base set a new policy includes: what the program's start-up needs, in its own ABI only. */
static const char *base_for(const struct cr_image *image)
{
	switch (image->kind) {
	case CR_IMAGE_GO:
		return image->is_32bit ? "base-go-i386" : "base-go";
	case CR_IMAGE_STATIC:
		return image->is_32bit ? "base-static-i386" : "base-static";
	case CR_IMAGE_MUSL:
		return image->is_32bit ? "base-musl-i386" : "base-musl";
	case CR_IMAGE_DYNAMIC:
		return image->is_32bit ? "base-dynamic-i386" : "base-dynamic";
	case CR_IMAGE_OTHER:
		break;
	}
	return "base-dynamic";
}

static int learner(struct cr_seat *seat, const struct cr_run_plan *plan, struct cr_err *err)
{
	cr_auto_free char *real = realpath(seat->exe, NULL);
	struct cr_store_seed seed = {
		.program = real ? real : seat->exe,
		.outside_any = plan->windows_only,
		.args_any = plan->no_args,
		.loaded = seat->policy ? &seat->policy : NULL,
	};
	struct cr_image image = { .kind = CR_IMAGE_OTHER };
	int rc;

	/* What cannot be read can still be run, and learned. */
	if (cr_image_look(seat->exe, &image) < 0)
		cr_debug("%s cannot be read", seat->exe);
	seed.build_id = image.build_id[0] ? image.build_id : NULL;
	seed.include = base_for(&image);
	rc = cr_store_begin(seat->path, &seed, plan->all, &seat->store, err);
	if (rc == 0)
		rc = cr_run_windows_learn(&seat->windows, seat->store, err);
	if (rc < 0)
		return rc;
	cr_store_confirmed(seat->store, plan->confirm);
	seat->learn = cr_learn_new(seat->store, plan->windows_only);
	if (!seat->learn)
		return cr_err_set(err, -ENOMEM, "out of memory");
	if (plan->no_args)
		cr_learn_any_args(seat->learn);
	seat->judge = cr_learn_judge(seat->learn);
	return 0;
}

/* Who wrote such a rule by hand knows what it is about. */
void cr_warn_io_uring(const struct cr_policy *p)
{
	const struct cr_rule *r;
	size_t i;

	for (i = 0; i < p->n_own; i++) {
		r = p->rules[i];
		if (!cr_rule_learned(r) || (int)r->nr != cr_name_to_nr(r->abi, "io_uring_setup"))
			continue;
		cr_warn("%s allows io_uring_setup, which was learned: what is done through a ring "
			"makes no calls, and no policy holds it", p->path);
		cr_info("hint: chestnut deny -e ENOSYS %s io_uring_setup, and the program does "
			"without, if it can", p->path);
	}
}

/* A policy of its own, of what is denied: "chestnut merge" accepts it. */
static int begin_candidates(struct cr_seat *seat, struct cr_err *err)
{
	struct cr_store_seed seed = { .program = seat->policy->program,
				      .violation = &seat->policy->violation };
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	int rc;

	cr_buf_addf(&path, "%s.candidates", seat->path);
	if (!cr_buf_ok(&path))
		return cr_err_set(err, -ENOMEM, "out of memory");
	rc = cr_store_begin(cr_buf_str(&path), &seed, false, &seat->store, err);
	seat->records.candidates = seat->store;
	return rc;
}

static int enforcer(struct cr_seat *seat, const struct cr_run_plan *plan,
		    const struct cr_records *records, struct cr_err *err)
{
	struct cr_enforce_plan enforce = {
		.policy = seat->policy,
		.violation = cr_run_violation(plan, seat->policy),
		.audit = plan->mode == CR_MODE_AUDIT,
		.record = cr_records_denial, .repeated = cr_records_repeated,
		.ask = records->terminal < 0 ? NULL : cr_records_ask, .ctx = &seat->records,
	};

	int rc = 0;

	seat->records = *records;
	seat->records.policy = seat->policy;
	if (plan->soak) {
		enforce.missing = cr_records_missing;
		rc = begin_candidates(seat, err);
	}
	if (rc < 0)
		return rc;
	if (plan->mode == CR_MODE_STRICT)
		cr_warn_io_uring(seat->policy);
	seat->enforce = cr_enforce_new(&enforce);
	if (!seat->enforce)
		return cr_err_set(err, -ENOMEM, "out of memory");
	seat->judge = cr_enforce_judge(seat->enforce);
	return 0;
}

int cr_seat_windows(struct cr_seat *seat, const struct cr_run_plan *plan, const char *exe,
		    struct cr_err *err)
{
	return cr_run_windows_init(&seat->windows, plan, seat->policy, exe, err);
}

int cr_seat_take(struct cr_seat *seat, const struct cr_run_plan *plan,
		 const struct cr_records *records, struct cr_err *err)
{
	if (plan->mode == CR_MODE_LEARN)
		return learner(seat, plan, err);
	return enforcer(seat, plan, records, err);
}

static struct cr_verdict ask(struct cr_judge *j, const struct cr_call *call,
			     const struct cr_site *site)
{
	struct cr_seat *seat = site->program;
	struct cr_verdict deny = { CR_VERDICT_KILL, 0 };

	(void)j;
	return seat && seat->judge ? seat->judge->judge(seat->judge, call, site) : deny;
}

struct cr_judge *cr_seat_of_program(void)
{
	static struct cr_judge judge = { ask };

	return &judge;
}

void cr_seat_filter(const struct cr_seat *seat, const struct cr_filter_use *use,
		    struct cr_filter_plan *plan)
{
	struct cr_policy *none = seat->policy || seat->learn ? NULL : cr_policy_new();
	const struct cr_policy *policy = seat->policy ? seat->policy : none;

	if (seat->learn)
		policy = cr_store_policy(seat->store);
	memset(plan, 0, sizeof(*plan));
	if (policy)
		cr_filter_plan(policy, use, plan);
	cr_policy_free(none);
}

void cr_seat_tick(struct cr_seat *seat)
{
	if (seat->learn)
		cr_learn_tick(seat->learn);
}

static void count_rules(const struct cr_policy *p, unsigned int *outside, unsigned int *inside)
{
	size_t i;

	*outside = *inside = 0;
	for (i = 0; i < p->n_rules; i++)
		*outside += !p->rules[i]->base;
	for (i = 0; i < p->n_windows; i++)
		*inside += (unsigned int)p->windows[i]->n_rules;
}

static void sum_up(const struct cr_seat *seat, const struct cr_learned *sum, uint64_t lost)
{
	const struct cr_policy *p = cr_store_policy(seat->store);
	unsigned int outside, inside;
	char windows[64] = "";

	count_rules(p, &outside, &inside);
	if (p->n_windows)
		snprintf(windows, sizeof(windows), " (%u in %zu window%s)", inside, p->n_windows,
			 p->n_windows == 1 ? "" : "s");
	cr_info("%u new call%s, %u in all%s, %u execution%s, %llu events lost: %s", sum->fresh,
		sum->fresh == 1 ? "" : "s", outside + inside, windows, p->runs,
		p->runs == 1 ? "" : "s", (unsigned long long)lost, seat->path);
	if (sum->widened)
		cr_info("%u known call%s made with new arguments", sum->widened,
			sum->widened == 1 ? " was" : "s were");
	if (sum->forbidden)
		cr_info("%u call%s that the policy denies %s made", sum->forbidden,
			sum->forbidden == 1 ? "" : "s", sum->forbidden == 1 ? "was" : "were");
	if (sum->unused)
		cr_info("%u allowed call%s not used by this run: %s", sum->unused,
			sum->unused == 1 ? " was" : "s were", sum->unused_names);
}

static int finish_learning(struct cr_seat *seat, uint64_t lost, struct cr_err *err)
{
	struct cr_learned sum;
	int rc;

	cr_store_lost(seat->store, lost);
	rc = cr_learn_finish(seat->learn, &sum, err);
	if (sum.unsaved)
		cr_error("%u call%s not saved", sum.unsaved, sum.unsaved == 1 ? " is" : "s are");
	sum_up(seat, &sum, lost);
	return rc;
}

static int finish_soak(struct cr_seat *seat, uint64_t denied, struct cr_err *err)
{
	cr_auto_buf struct cr_buf file = CR_BUF_INIT, command = CR_BUF_INIT;
	size_t i, rules = 0;
	int rc = cr_store_save(seat->store, err);
	const struct cr_policy *p = cr_store_policy(seat->store);

	for (i = 0; i < p->n_windows; i++)
		rules += p->windows[i]->n_rules;
	rules += p->n_own;
	cr_info("%llu call%s denied, %zu candidate%s: %s.candidates", (unsigned long long)denied,
		denied == 1 ? "" : "s", rules, rules == 1 ? "" : "s", seat->path);
	cr_buf_addf(&file, "%s.candidates", seat->path);
	cr_buf_add(&command, "chestnut merge -o ");
	cr_buf_add_path(&command, seat->path);
	cr_buf_add(&command, " ");
	cr_buf_add_path(&command, seat->path);
	cr_buf_add(&command, " ");
	cr_buf_add_path(&command, cr_buf_str(&file));
	if (rules && cr_buf_ok(&command))
		cr_info("hint: to accept them: %s", cr_buf_str(&command));
	return rc;
}

int cr_seat_finish(struct cr_seat *seat, const struct cr_run_plan *plan, uint64_t lost,
		   struct cr_err *err)
{
	uint64_t denied;

	if (seat->learn)
		return finish_learning(seat, lost, err);
	if (!seat->enforce)
		return 0;
	denied = cr_enforce_finish(seat->enforce);
	if (plan->soak)
		return finish_soak(seat, denied, err);
	if (plan->mode == CR_MODE_AUDIT)
		cr_info("%llu call%s would have been denied, %llu events lost: %s",
			(unsigned long long)denied, denied == 1 ? "" : "s",
			(unsigned long long)lost, seat->path);
	return 0;
}
