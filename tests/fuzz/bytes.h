/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What every fuzz target needs: a cursor over the input, and a check that ends the run.
 *
 * A target is one file with LLVMFuzzerTestOneInput(). Built with clang it is a libFuzzer program
 * (tests/fuzz/run); built with any compiler and replay.c it runs files, so that the seeds are part
 * of every `meson test`.
 */
#ifndef FUZZ_BYTES_H
#define FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A promise of the code under test. Not assert(): it stays in every build type. */
#define FUZZ_CHECK(condition, format, ...)                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s: " format "\n", __FILE__, __LINE__, #condition, \
				##__VA_ARGS__);                                                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct bytes {
	const uint8_t *at, *end;
};

/** @return the next byte, 0 past the end. */
static inline uint8_t bytes_u8(struct bytes *bytes)
{
	return bytes->at < bytes->end ? *bytes->at++ : 0;
}

static inline uint16_t bytes_u16(struct bytes *bytes)
{
	uint16_t high = bytes_u8(bytes);

	return (uint16_t)(high << 8 | bytes_u8(bytes));
}

static inline uint32_t bytes_u32(struct bytes *bytes)
{
	uint32_t high = bytes_u16(bytes);

	return high << 16 | bytes_u16(bytes);
}

#endif
