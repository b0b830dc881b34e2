/* toy_model.c - a model by hand, for tests of what goes along with compiled ones: y = W x + b, names that need escapes. */
#include "nasc_model.h"

#include <string.h>

enum { OUT = 3, IN = 4 };
struct job { const float *w, *b, *x; float *y; };

static int load(const void *weights, void *packed)
{
    memcpy(packed, weights, 76);
    return NASC_MODEL_OK;
}

static void rows(void *arg, int64_t lo, int64_t hi, uint32_t worker)
{
    struct job *j = (struct job *)arg;
    (void)worker;
    for (int64_t n = lo; n < hi; n++)
        for (int i = 0; i < OUT; i++) {
            float s = j->b[i];
            for (int k = 0; k < IN; k++)
                s += j->w[i * IN + k] * j->x[n * IN + k];
            j->y[n * OUT + i] = s;
        }
}

static void forward(const void *packed, const void *const *inputs, void *const *outputs, void *arena, int64_t batch, const nasc_parallel *par)
{
    struct job j = { (const float *)packed, (const float *)((const char *)packed + 64), (const float *)inputs[0], (float *)outputs[0] };
    (void)arena;
    if (par)
        par->run(par->ctx, batch, rows, &j);
    else
        rows(&j, 0, batch, 0);
}

static const int64_t x_shape[] = { IN }, y_shape[] = { OUT }, w_shape[] = { OUT, IN };
static const nasc_tensor input[] = { { "x", NASC_F32, 1, x_shape, 0, 16 } }, output[] = { { "y\"\\\n\xff", NASC_F32, 1, y_shape, 0, 12 } },
                         weight[] = { { "l.w", NASC_F32, 2, w_shape, 0, 48 }, { "l.b\xc3\xa9", NASC_F32, 1, y_shape, 64, 12 } };
/* sample_bytes: more than there is for large batches; tests ask for them. */
const nasc_model toy_model = { NASC_MODEL_ABI, 1, 1, 2, "toy", "00000000000000000000000000000000", "linear(\"\t\xc3\xa9\")", "none", "any", "", "hand",
                               0, 0, input, output, weight, 76, 76, 64, 64, load, forward };
const unsigned char toy_weights[76] __attribute__((aligned(64))) = { 0 };
