/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sha256 - a digest (FIPS 180-4)
 *
 * In:    bytes
 * Out:   32 bytes
 * Never: fails
 */
#ifndef CR_SHA256_H
#define CR_SHA256_H

#include "cr/base.h"

#define CR_SHA256_SIZE 32

void cr_sha256(const void *data, size_t len, unsigned char out[CR_SHA256_SIZE]);

#endif
