/* rng.h - counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, via Random123).
 *
 * A stream is (seed, sample, path); draw n of a stream is a pure function of the four, so the
 * same on any machine and thread.  No libm anywhere. */
#ifndef NASC_RNG_H
#define NASC_RNG_H
#include "compiler/base/base.h"

struct rng { u64 seed, stream, n; };            /* n: draws taken so far */

struct rng rng_make(u64 seed, u64 sample, u64 path);
u64 rng_u64(struct rng *r);
double rng_unit(struct rng *r);                 /* [0, 1), 53 bits */
/* The 4 words of (seed, number, index): weights are drawn with this, number = parameter. */
void rng_at(u64 seed, u64 number, u64 index, u32 out[4]);
#define RNG_WEIGHTS 0x6e6173632d777473ull      /* seed ^ this is the key of those words, (index, number) the counter */
/* The bare generator. */
void rng_philox(const u32 counter[4], const u32 key[2], u32 out[4]);

#endif
