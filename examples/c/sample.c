/* sample.c - the library from a program of one's own: draw a network, compile it, run it on one input.
 *
 *     cc sample.c $(pkg-config --cflags --libs nasc) -o sample && ./sample std.spaces.einspace 42 */
#include <nasc.h>
#include <stdio.h>
#include <stdlib.h>

static int complain(nasc_session *s, nasc_status status)
{
    fputs(nasc_messages(s), stderr);
    nasc_close(s);
    return (int)status;
}

int main(int argc, char **argv)
{
    const char *module = argc > 1 ? argv[1] : "std.spaces.einspace";
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    nasc_session *s = nasc_open();
    nasc_arch *a;
    nasc_net *n;
    nasc_status st;
    nasc_record r;
    nasc_shape in, out;
    float *x, *y;
    uint64_t i;

    if (!s)
        return NASC_ENV;
    /* A module, then a space of it (NULL: its only one); then sample 0 of the seed. */
    if ((st = nasc_load(s, module)) || (st = nasc_select(s, NULL)) || (st = nasc_sample(s, seed, 0, &a)))
        return complain(s, st);
    nasc_arch_record(a, &r);
    printf("%s: %llu parameters, %llu multiply-adds\n%s\n", r.space, (unsigned long long)r.params, (unsigned long long)r.macs, r.arch);

    if ((st = nasc_compile(s, a, NULL, &n)) || (st = nasc_net_weights(n, seed)))
        return complain(s, st);
    /* One float input and one float output here; nasc_net_inputs and .dtype tell of others. */
    nasc_net_input(n, 0, &in);
    nasc_net_output(n, 0, &out);
    x = malloc(in.bytes);
    y = malloc(out.bytes);
    if (!x || !y)
        return NASC_ENV;
    for (i = 0; i < in.bytes / sizeof *x; i++)
        x[i] = (float)(i % 17) / 17;
    {
        const void *inputs[1];
        void *outputs[1];
        inputs[0] = x;
        outputs[0] = y;
        if ((st = nasc_net_run(n, 1, inputs, outputs)))
            return complain(s, st);
    }
    for (i = 0; i < out.bytes / sizeof *y && i < 10; i++)
        printf("%g ", y[i]);
    printf("\n");
    free(x);
    free(y);
    nasc_net_free(n);
    nasc_arch_free(a);
    nasc_close(s);
    return 0;
}
