/* main.c - the program around one model: .npy files in, .npy files out.
 *
 *   options -> [--info, --help] -> may this processor run it? -> inputs -> weights, load -> forward, a part of the batch at a time -> outputs
 *
 * Exit status: 0 ok, 1 an input is wrong, 2 the options are, 3 something outside is missing: memory, a place to write to, the processor. */
#define _POSIX_C_SOURCE 200809L
#include "cpu.h"
#include "rt.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, WRONG = 1, USAGE = 2, ENVIRONMENT = 3 };

struct program {
    const char *name;
    const nasc_model *m;
    const char *weights;                /* --weights */
    const char **output; uint32_t noutput;
    uint32_t bench, threads; int64_t most;      /* --batch: samples at a time, 0: all */
    bool info;
    nrt_array *in; void **out;          /* [ninput], [noutput] */
    int64_t batch; bool lead;           /* of the inputs; have they got an axis for it? */
    void *packed, *arena; const void **at_in; void **at_out;
    nrt_pool *pool; uint32_t workers;
};

static int complain(const struct program *p, const nrt_error *e)
{
    fprintf(stderr, "%s: %s\n", p->name, e->text);
    return e->environment ? ENVIRONMENT : WRONG;
}

static int usage(const struct program *p, const char *what)
{
    fprintf(stderr, "%s: %s; --help says more\n", p->name, what);
    return USAGE;
}

static int help(const struct program *p)
{
    char shape[600];
    const nasc_model *m = p->m;
    printf("usage: %s [OPTIONS] INPUT.npy...\n\n%s, compiled for %s (%s) by %s\n\n", p->name, m->name, m->target, m->cpu, m->compiler);
    for (uint32_t i = 0; i < m->ninput; i++)
        printf("  input  %s %s\n", m->input[i].name, nrt_shape(shape, sizeof shape, m->input[i].dtype, m->input[i].rank, m->input[i].extent));
    for (uint32_t i = 0; i < m->noutput; i++)
        printf("  output %s %s\n", m->output[i].name, nrt_shape(shape, sizeof shape, m->output[i].dtype, m->output[i].rank, m->output[i].extent));
    printf("\nAn input is a .npy file of this shape, or with an axis for the batch in front; - is standard input.\n\n"
           "  -w, --weights FILE   a .safetensors file%s\n"
           "  -o, --output FILE    once for each output; without it, the one output goes to standard output, as text on a terminal\n"
           "  -b, --batch N        at most N samples at a time (all); with --bench and no inputs: N samples\n"
           "  -t, --threads N      that share the work (1); 0: one for each processor\n"
           "      --bench N        time N runs; inputs (and weights) that are not given are made up\n"
           "      --info           the model's description as JSON\n"
           "  -h, --help\n", nrt_weights ? ", in place of those in the program" : m->nweight ? "" : ": this model has no weights");
    return fflush(stdout) ? ENVIRONMENT : OK;
}

/* A whole number from lo to hi. */
static bool number(const char *text, int64_t lo, int64_t hi, int64_t *out)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    *out = v;
    return *text && !*end && !errno && v >= lo && v <= hi;
}

enum { OPT_BENCH = 256, OPT_INFO };
/* -1: go on; else the exit status. */
static int options(struct program *p, int argc, char **argv)
{
    static const struct option known[] = {
        { "weights", required_argument, NULL, 'w' }, { "output", required_argument, NULL, 'o' }, { "batch", required_argument, NULL, 'b' },
        { "threads", required_argument, NULL, 't' }, { "bench", required_argument, NULL, OPT_BENCH }, { "info", no_argument, NULL, OPT_INFO },
        { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    int64_t v;
    for (int c; (c = getopt_long(argc, argv, "w:o:b:t:h", known, NULL)) != -1;)
        switch (c) {
        case 'w': p->weights = optarg; break;
        case 'o':
            if (p->noutput == p->m->noutput)
                return usage(p, "more --output than the model has outputs");
            p->output[p->noutput++] = optarg;
            break;
        case 'b':
            if (!number(optarg, 1, INT32_MAX, &p->most))
                return usage(p, "--batch needs a number from 1");
            break;
        case 't':
            if (!number(optarg, 0, 1024, &v))
                return usage(p, "--threads needs a number from 0 to 1024");
            p->threads = v ? (uint32_t)v : nrt_processors();
            break;
        case OPT_BENCH:
            if (!number(optarg, 1, 100000000, &v))
                return usage(p, "--bench needs a number from 1");
            p->bench = (uint32_t)v;
            break;
        case OPT_INFO: p->info = true; break;
        case 'h': return help(p);
        default: return USAGE;
        }
    return -1;
}

/* --- Inputs --- */
/* The k-th input's array against the model's: with an axis for the batch or without; all of one batch. */
static bool check_input(struct program *p, uint32_t k, const char *name, nrt_error *e)
{
    const nrt_array *x = &p->in[k];
    const nasc_tensor *t = &p->m->input[k];
    char got[600], want[600];
    uint32_t lead = x->rank == t->rank + 1;
    bool ok = x->dtype == t->dtype && (lead || x->rank == t->rank);
    for (uint32_t d = 0; ok && d < t->rank; d++)
        ok = x->extent[d + lead] == t->extent[d];
    nrt_shape(got, sizeof got, x->dtype, x->rank, x->extent);
    nrt_shape(want, sizeof want, t->dtype, t->rank, t->extent);
    if (!ok)
        return nrt_fail(e, "%s: the array is %s, the model's input `%.100s` is %s, with or without an axis for the batch in front", name, got, t->name, want);
    int64_t batch = lead ? x->extent[0] : 1;
    if (batch < 1)
        return nrt_fail(e, "%s: the array is %s: there is no sample in it", name, got);
    if (k && (batch != p->batch || (lead != 0) != p->lead))
        return nrt_fail(e, "%s: the array is %s, but the input before it has %s%lld", name, got, p->lead ? "a batch of " : "no batch axis: ",
                        (long long)p->batch);
    p->batch = batch;
    p->lead = lead;
    return true;
}

static bool read_input(struct program *p, uint32_t k, const char *path, nrt_error *e)
{
    nrt_in f;
    if (!nrt_open(&f, path, e))
        return false;
    bool ok = nrt_npy_head(&f, &p->in[k], e) && check_input(p, k, f.name, e) && nrt_npy_data(&f, &p->in[k], e);
    nrt_close(&f);
    return ok;
}

/* Numbers from -1 to 1 (integers: 0), the same each time. */
static void make_up(uint32_t dtype, uint64_t bytes, void *to)
{
    uint64_t r = 88172645463325252u;
    memset(to, 0, (size_t)bytes);
    for (uint64_t i = 0, n = bytes / nrt_dtypes[dtype].bytes; dtype <= NASC_BF16 && i < n; i++) {
        r ^= r << 13, r ^= r >> 7, r ^= r << 17;
        double v = (double)(int64_t)(r >> 11) / ((double)((uint64_t)1 << 52)) - 1;
        float f = (float)v;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        uint16_t b16 = (uint16_t)(bits >> 16), h16 = (uint16_t)(0x3800 | (r >> 20 & 0x3ff) | (r >> 63 << 15));
        if (dtype == NASC_F64)
            memcpy((double *)to + i, &v, sizeof v);
        else if (dtype == NASC_F32)
            memcpy((float *)to + i, &f, sizeof f);
        else
            memcpy((uint16_t *)to + i, dtype == NASC_BF16 ? &b16 : &h16, sizeof b16);
    }
}

static bool make_inputs(struct program *p, nrt_error *e)
{
    p->batch = p->most ? p->most : 1;
    for (uint32_t k = 0; k < p->m->ninput; k++) {
        nrt_array *x = &p->in[k];
        x->dtype = p->m->input[k].dtype;
        if (__builtin_mul_overflow(p->m->input[k].bytes, (uint64_t)p->batch, &x->bytes))
            return nrt_fail(e, "a batch of %lld has more bytes than 64 bits count", (long long)p->batch);
        x->data = nrt_alloc(x->bytes, e);
        if (!x->data)
            return false;
        make_up(x->dtype, x->bytes, x->data);
    }
    return true;
}

/* --- Weights --- */
static bool load(struct program *p, nrt_error *e)
{
    const nasc_model *m = p->m;
    void *block = NULL;
    bool ok = true;
    if (p->weights || !nrt_weights) {
        block = nrt_alloc(m->weights_bytes, e);
        ok = block != NULL;
        if (ok)
            memset(block, 0, (size_t)m->weights_bytes);
        if (ok && p->weights) {
            nrt_in f;
            ok = nrt_open(&f, p->weights, e);
            if (ok) {
                ok = nrt_weights_read(&f, m, block, e);
                nrt_close(&f);
            }
        }
        for (uint32_t i = 0; ok && !p->weights && i < m->nweight; i++)
            make_up(m->weight[i].dtype, m->weight[i].bytes, (char *)block + m->weight[i].offset);
    }
    p->packed = ok ? nrt_alloc(m->packed_bytes, e) : NULL;
    ok = p->packed != NULL;
    if (ok && m->load(block ? block : nrt_weights, p->packed) != NASC_MODEL_OK)
        ok = nrt_fail_env(e, "this processor cannot run the model, which was compiled for %s (%s)", m->target, m->cpu);
    free(block);
    return ok;
}

/* --- Running --- */
static bool prepare(struct program *p, nrt_error *e)
{
    const nasc_model *m = p->m;
    uint64_t bytes;
    if (!p->most || p->most > p->batch)
        p->most = p->batch;
    if (__builtin_mul_overflow(m->sample_bytes, (uint64_t)p->most, &bytes) ||
        __builtin_add_overflow(bytes, m->worker_bytes * p->threads, &bytes))
        return nrt_fail_env(e, "a batch of %lld needs more memory than there is: --batch N takes N samples at a time", (long long)p->most);
    p->arena = nrt_alloc(bytes, e);
    if (!p->arena)
        return nrt_fail_env(e, "a batch of %lld needs %llu bytes of memory, which there are not: --batch N takes N samples at a time",
                            (long long)p->most, (unsigned long long)bytes);
    for (uint32_t k = 0; k < m->noutput; k++) {
        bool fits = !__builtin_mul_overflow(m->output[k].bytes, (uint64_t)p->batch, &bytes);
        p->out[k] = nrt_alloc(fits ? bytes : UINT64_MAX, e);
        if (!p->out[k])
            return false;
    }
    p->pool = p->threads > 1 ? nrt_pool_new(p->threads, e) : NULL;
    return p->pool || p->threads <= 1;
}

static void forward(void *ctx)
{
    struct program *p = ctx;
    for (int64_t at = 0; at < p->batch; at += p->most) {
        for (uint32_t k = 0; k < p->m->ninput; k++)
            p->at_in[k] = (const char *)p->in[k].data + (uint64_t)at * p->m->input[k].bytes;
        for (uint32_t k = 0; k < p->m->noutput; k++)
            p->at_out[k] = (char *)p->out[k] + (uint64_t)at * p->m->output[k].bytes;
        p->m->forward(p->packed, p->at_in, p->at_out, p->arena, p->batch - at < p->most ? p->batch - at : p->most,
                      p->pool ? nrt_pool_parallel(p->pool) : NULL);
    }
}

/* --- Outputs --- */
static bool write_text(struct program *p, nrt_error *e)
{
    char shape[600];
    for (uint32_t k = 0; k < p->m->noutput; k++) {
        const nasc_tensor *t = &p->m->output[k];
        uint64_t n = t->bytes / nrt_dtypes[t->dtype].bytes * (uint64_t)p->batch;
        printf("%s %s:", t->name, nrt_shape(shape, sizeof shape, t->dtype, t->rank, t->extent));
        for (uint64_t i = 0; i < n && i < 16; i++)
            printf(" %.7g", nrt_element(t->dtype, p->out[k], i));
        printf(n > 16 ? " ... (%llu in all; -o FILE writes them)\n" : "\n", (unsigned long long)n);
    }
    return (fflush(stdout) == 0 && !ferror(stdout)) || nrt_fail_env(e, "standard output: cannot be written");
}

static bool write_outputs(struct program *p, nrt_error *e)
{
    const nasc_model *m = p->m;
    static const char *const standard = "-";
    if (!p->noutput && isatty(STDOUT_FILENO))
        return write_text(p, e);
    nrt_out *f = calloc(m->noutput + (size_t)1, sizeof *f);
    char (*head)[NRT_NPY_HEAD] = calloc(m->noutput + (size_t)1, sizeof *head);
    bool ok = (f && head) || nrt_fail_env(e, "there is no memory");
    for (uint32_t k = 0; ok && k < m->noutput; k++) {
        const nasc_tensor *t = &m->output[k];
        int64_t extent[NRT_RANK] = { p->batch };
        memcpy(extent + 1, t->extent, sizeof *extent * t->rank);
        f[k] = (nrt_out){ p->noutput ? p->output[k] : standard, head[k], p->out[k], 0, t->bytes * (uint64_t)p->batch };
        f[k].nhead = nrt_npy_write(head[k], t->dtype, t->rank + p->lead, p->lead ? extent : extent + 1);
    }
    ok = ok && nrt_write(m->noutput, f, e);
    free(f);
    free(head);
    return ok;
}

static bool time_it(struct program *p, nrt_error *e)
{
    double least, median;
    if (!nrt_bench(p->bench, forward, p, &least, &median, e))
        return false;
    printf("min %.3f us  median %.3f us  (%u runs, batch %lld, %u thread%s)\n", least * 1e6, median * 1e6, p->bench, (long long)p->batch, p->threads,
           p->threads == 1 ? "" : "s");
    return (fflush(stdout) == 0 && !ferror(stdout)) || nrt_fail_env(e, "standard output: cannot be written");
}

static int run(struct program *p, int npath, char **path)
{
    const nasc_model *m = p->m;
    nrt_error e = { .text = "" };
    char why[600] = "", what[100];
    if (p->info)
        return nrt_info(m, nrt_weights != NULL, &e) ? OK : complain(p, &e);
    if (npath == 0 && !p->bench && m->ninput)
        return usage(p, "an input is missing");
    if (npath != (int)m->ninput && !(p->bench && !npath)) {
        snprintf(what, sizeof what, "the model has %u input%s, %d given", m->ninput, m->ninput == 1 ? "" : "s", npath);
        return usage(p, what);
    }
    if (p->noutput && p->noutput != m->noutput) {
        snprintf(what, sizeof what, "the model has %u outputs, %u --output given", m->noutput, p->noutput);
        return usage(p, what);
    }
    if (!p->noutput && m->noutput > 1 && !p->bench && !isatty(STDOUT_FILENO))
        return usage(p, "the model has several outputs: each needs an --output");
    if (!p->weights && !nrt_weights && m->nweight && !p->bench)
        return usage(p, "--weights FILE is missing: this program carries none");
    if (!nasc_cpu_check(m, why, sizeof why)) {
        nrt_fail_env(&e, "this processor cannot run the model, which was compiled for %s (%s): it lacks %s", m->target, m->cpu, why);
        return complain(p, &e);
    }
    bool ok = true;
    for (int k = 0; ok && k < npath; k++)
        ok = read_input(p, (uint32_t)k, path[k], &e);
    if (ok && !npath)
        ok = make_inputs(p, &e);
    ok = ok && load(p, &e) && prepare(p, &e);
    if (ok && p->bench)
        ok = time_it(p, &e);
    else if (ok)
        forward(p);
    if (ok && (!p->bench || p->noutput))
        ok = write_outputs(p, &e);
    return ok ? OK : complain(p, &e);
}

int main(int argc, char **argv)
{
    const nasc_model *m = nrt_model;
    struct program p = { .name = argc ? argv[0] : m->name, .m = m, .threads = 1 };
    const char *slash = strrchr(p.name, '/');
    p.name = slash ? slash + 1 : p.name;
    if (argc)
        argv[0] = (char *)(uintptr_t)p.name;    /* for getopt's complaints */
    p.output = calloc(m->noutput + (size_t)1, sizeof *p.output);
    p.in = calloc(m->ninput + (size_t)1, sizeof *p.in);
    p.out = calloc(m->noutput + (size_t)1, sizeof *p.out);
    p.at_in = calloc(m->ninput + (size_t)1, sizeof *p.at_in);
    p.at_out = calloc(m->noutput + (size_t)1, sizeof *p.at_out);
    if (!p.output || !p.in || !p.out || !p.at_in || !p.at_out) {
        fprintf(stderr, "%s: there is no memory\n", p.name);
        return ENVIRONMENT;
    }
    int status = options(&p, argc, argv);
    if (status < 0)
        status = run(&p, argc - optind, argv + optind);
    nrt_pool_free(p.pool);
    for (uint32_t k = 0; k < m->ninput; k++)
        free(p.in[k].data);
    for (uint32_t k = 0; k < m->noutput; k++)
        free(p.out[k]);
    free(p.packed);
    free(p.arena);
    free(p.output);
    free(p.in);
    free(p.out);
    free(p.at_in);
    free(p.at_out);
    return status;
}
