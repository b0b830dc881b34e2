/* compiled.c - a network compiled ahead of time, in a program of one's own: no library of nasc's is needed.
 *
 *     nasc compile std.spaces.nas_bench_201 --seed 3 --embed-weights -o net.o      writes net.o and net.h
 *     cc compiled.c net.o -o compiled && ./compiled */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>

/* Memory aligned as weights, packed weights and arenas have to be. */
static void *room(uint64_t bytes)
{
    char *p = (char *)malloc(bytes + NASC_MODEL_ALIGN);
    if (!p)
        exit(3);
    return p + (NASC_MODEL_ALIGN - (uintptr_t)p % NASC_MODEL_ALIGN);
}

int main(void)
{
    const nasc_model *m = &net_model;
    const nasc_tensor *in = &m->input[0], *out = &m->output[0];
    void *packed = room(m->packed_bytes), *arena = room(nasc_arena_bytes(m, 1, 1));
    float *x = (float *)room(in->bytes), *y = (float *)room(out->bytes);
    const void *inputs[1];
    void *outputs[1];
    uint64_t i;

    printf("%s: %s\n", m->name, m->arch);
    /* Once for a set of weights: they are put into the order that the code reads them in. */
    if (m->load(net_weights, packed) != NASC_MODEL_OK)
        return 3;
    for (i = 0; i < in->bytes / sizeof *x; i++)
        x[i] = (float)(i % 17) / 17;
    /* Any number of times, by any number of threads, each with an arena of its own. */
    inputs[0] = x;
    outputs[0] = y;
    m->forward(packed, inputs, outputs, arena, 1, NULL);
    for (i = 0; i < out->bytes / sizeof *y && i < 10; i++)
        printf("%g ", (double)y[i]);
    printf("\n");
    return 0;
}
