/* rng.c - Philox4x32-10 from Random123, keyed by the seed.
 *
 * Two uses that never meet: draws (key = seed, counter = (n, stream)) and weights (key =
 * seed ^ WEIGHTS, counter = (index, number)).  A stream's number is itself a Philox word of
 * (sample, path), so streams share no structure.  Words are put together by value, never by
 * memory order: the same on any byte order. */
#include "compiler/base/rng.h"

#include <Random123/philox.h>

static const u64 STREAMS = 0x6e6173632d737472ull, WEIGHTS = RNG_WEIGHTS;

void rng_philox(const u32 counter[4], const u32 key[2], u32 out[4])
{
    philox4x32_ctr_t c = { { counter[0], counter[1], counter[2], counter[3] } };
    philox4x32_key_t k = { { key[0], key[1] } };
    philox4x32_ctr_t r = philox4x32_R(10, c, k);
    for (u32 i = 0; i < 4; i++)
        out[i] = r.v[i];
}

static void block(u64 key, u64 lo, u64 hi, u32 out[4])
{
    rng_philox((u32[4]){ (u32)lo, (u32)(lo >> 32), (u32)hi, (u32)(hi >> 32) },
               (u32[2]){ (u32)key, (u32)(key >> 32) }, out);
}

struct rng rng_make(u64 seed, u64 sample, u64 path)
{
    u32 w[4];
    block(seed ^ STREAMS, sample, path, w);
    return (struct rng){ .seed = seed, .stream = w[0] | (u64)w[1] << 32 };
}

u64 rng_u64(struct rng *r)
{
    u32 w[4];
    block(r->seed, r->n++, r->stream, w);
    return w[0] | (u64)w[1] << 32;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

void rng_at(u64 seed, u64 number, u64 index, u32 out[4])
{
    block(seed ^ WEIGHTS, index, number, out);
}
