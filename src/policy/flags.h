/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flags - names of values, for each kind of argument
 *
 * In:    the kernel's headers
 * Out:   tables
 * Never: a number that a header has a name for
 *
 * Private to the policy room.
 */
#ifndef CR_POLICY_FLAGS_H
#define CR_POLICY_FLAGS_H

#include "cr/args.h"

struct cr_flag {
	uint64_t value;
	const char *name;
};

#define F(name) { (uint64_t)(uint32_t)(name), #name }
#define END { 0, NULL }

/* A kind of argument. A value that has names is one of @one (those bits that @mask has), and any
 * of @flags. */
struct cr_kind {
	uint8_t bits;		/* that the kernel looks at: 16, 32, 64; 0: a pointer */
	bool sign;
	uint8_t base;		/* of numbers without a name: 8, 10 or 16 */
	uint64_t mask;		/* of the part that is one of several; 0: flags only */
	const struct cr_flag *one;	/* ends with a NULL name; NULL: none */
	const struct cr_flag *flags;	/* ends with a NULL name; NULL: none */
	const char *mask_name;		/* what people call @mask; NULL: nothing */
};

extern const struct cr_kind cr_kinds[CR_ARG_COUNT];

/* flags-net.c */
extern const struct cr_flag cr_domains[], cr_sock_types[], cr_sock_bits[], cr_protocols[],
	cr_netlinks[], cr_sols[], cr_so_socket[], cr_so_ip[], cr_so_ipv6[], cr_so_tcp[],
	cr_so_netlink[], cr_so_packet[], cr_msg_bits[], cr_shuts[];
/* flags-ops.c */
extern const struct cr_flag cr_ioctls[], cr_fcntls[], cr_prctls[], cr_archs[], cr_keyctls[],
	cr_bpfs[], cr_personalities[], cr_personality_bits[];

#endif
