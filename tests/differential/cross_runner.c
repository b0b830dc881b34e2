/* cross_runner.c - runs compiled models on given inputs: compiled by the target's C compiler, run there or under an emulator.
 *
 *     runner JOBS OUT FROM
 *
 * In: JOBS (cross_files.h), the models of a table `cross_model` beside it.  Out: OUT gets a verdict and the outputs of each job from number
 * FROM on, written as soon as it is done: should a job end the process, those before it are there.
 * Every array lies right before a page that may not be touched, behind bytes that must not change; what models may only read is
 * read-only, what they have to write before they read is NaN.  Each job runs twice, the second time shared among workers, with the same bytes. */
#define _GNU_SOURCE
#include "nasc_model.h"
#include "cross_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern const nasc_model *const cross_model[];
enum { WORKERS = 3, MARGIN = 64, MARK = 0xa5, POISON = 0xff };

struct area { unsigned char *map, *at; size_t mapped, bytes; };

static void die(const char *what)
{
    fprintf(stderr, "runner: %s\n", what);
    exit(2);
}

/* QEMU 7.2's processors without AVX read 16 bytes where an instruction (cvtdq2pd, cvtps2pd) takes 8: room for those. */
static size_t slack(size_t align)
{
#if defined __x86_64__
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx"))
        return (8 + align - 1) / align * align;
#endif
    (void)align;
    return 0;
}

static struct area area_new(uint64_t bytes, size_t align)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (size_t)(bytes + align - 1) / align * align;
    struct area r = { .bytes = (size_t)bytes, .mapped = (used + MARGIN + page - 1) / page * page };
    r.map = mmap(NULL, r.mapped + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r.map == MAP_FAILED || mprotect(r.map + r.mapped, page, PROT_NONE))
        die("no memory");
    r.at = r.map + r.mapped - used - slack(align);
    memset(r.map, MARK, r.mapped);
    memset(r.at, POISON, r.bytes);
    return r;
}

static void area_free(struct area *r)
{
    munmap(r->map, r->mapped + (size_t)sysconf(_SC_PAGESIZE));
}

/* Was anything written beside it? */
static int spoilt(const struct area *r)
{
    for (const unsigned char *p = r->map; p < r->map + r->mapped; p++)
        if ((p < r->at || p >= r->at + r->bytes) && *p != MARK)
            return 1;
    return 0;
}

static void only_read(const struct area *r)
{
    mprotect(r->map, r->mapped, PROT_READ);
}

static void get(FILE *f, void *to, size_t n)
{
    if (n && fread(to, 1, n, f) != n)
        die("the jobs end early");
}

static uint64_t number(FILE *f)
{
    uint64_t v;
    get(f, &v, sizeof v);
    return v;
}

static void put(FILE *f, const void *from, size_t n)
{
    if (n && fwrite(from, 1, n, f) != n)
        die("cannot write");
}

/* Workers that take turns, the last range first. */
static void in_turns(void *ctx, int64_t n, nasc_range body, void *arg)
{
    (void)ctx;
    int64_t parts = n < 5 ? n : 5;
    for (int64_t k = parts; k-- > 0;)
        body(arg, n * k / parts, n * (k + 1) / parts, (uint32_t)(k % WORKERS));
}

static size_t width(uint32_t dtype)
{
    static const unsigned char of[] = { 8, 4, 2, 2, 8, 4, 1, 1, 1 };
    return dtype < sizeof of ? of[dtype] : 1;
}

/* Weights by name, into one block. */
static struct area weights(FILE *f, const nasc_model *m, uint64_t *verdict)
{
    struct area w = area_new(m->weights_bytes, NASC_MODEL_ALIGN);
    unsigned char *given = calloc(m->nweight + 1, 1);
    for (uint64_t n = number(f); n; n--) {
        char name[CROSS_NAME];
        get(f, name, sizeof name);
        uint64_t bytes = number(f);
        void *at = malloc((size_t)bytes + 1);
        get(f, at, (size_t)bytes);
        for (uint32_t k = 0; k < m->nweight; k++)
            if (strcmp(m->weight[k].name, name) == 0 && m->weight[k].bytes == bytes && m->weight[k].offset + bytes <= m->weights_bytes) {
                memcpy(w.at + m->weight[k].offset, at, (size_t)bytes);
                given[k] = 1;
            }
        free(at);
    }
    for (uint32_t k = 0; k < m->nweight; k++)
        if (!given[k])
            *verdict |= CROSS_WEIGHTS;
    free(given);
    only_read(&w);
    return w;
}

static void job(FILE *f, FILE *out, uint64_t index)
{
    const nasc_model *m = cross_model[number(f)];
    int64_t batch = (int64_t)number(f);
    uint64_t verdict = 0, nin = number(f), nout = number(f);
    if (m->abi != NASC_MODEL_ABI || m->ninput != nin || m->noutput != nout)
        die("a model that is another");
    struct area w = weights(f, m, &verdict), *in = calloc(nin + 1, sizeof *in), *to = calloc(2 * nout + 1, sizeof *to);
    const void **x = calloc(nin + 1, sizeof *x);
    void **y = calloc(nout + 1, sizeof *y), **z = calloc(nout + 1, sizeof *z);
    for (uint64_t i = 0; i < nin; i++) {
        uint64_t bytes = number(f);
        if (bytes != m->input[i].bytes * (uint64_t)batch)
            verdict |= CROSS_TYPES;
        in[i] = area_new(bytes, width(m->input[i].dtype));
        get(f, in[i].at, (size_t)bytes);
        only_read(&in[i]);
        x[i] = in[i].at;
    }
    for (uint64_t i = 0; i < nout; i++) {
        uint64_t bytes = number(f);
        if (bytes != m->output[i].bytes * (uint64_t)batch)
            verdict |= CROSS_TYPES;
        to[i] = area_new(bytes, width(m->output[i].dtype));
        to[nout + i] = area_new(bytes, width(m->output[i].dtype));
        y[i] = to[i].at;
        z[i] = to[nout + i].at;
    }
    struct area packed = area_new(m->packed_bytes, NASC_MODEL_ALIGN);
    if (!(verdict & CROSS_TYPES) && m->load(w.at, packed.at) == NASC_MODEL_OK) {
        if (spoilt(&packed))
            verdict |= CROSS_BESIDE;
        only_read(&packed);
        struct area one = area_new(nasc_arena_bytes(m, batch, 1), NASC_MODEL_ALIGN);
        m->forward(packed.at, x, y, one.at, batch, NULL);
        if (spoilt(&one))
            verdict |= CROSS_BESIDE;
        area_free(&one);
        struct area many = area_new(nasc_arena_bytes(m, batch, WORKERS), NASC_MODEL_ALIGN);
        nasc_parallel par = { .workers = WORKERS, .run = in_turns };
        m->forward(packed.at, x, z, many.at, batch, &par);
        if (spoilt(&many))
            verdict |= CROSS_BESIDE;
        area_free(&many);
    } else {
        verdict |= CROSS_LOAD;
    }
    for (uint64_t i = 0; i < nout; i++) {
        if (memcmp(y[i], z[i], to[i].bytes) != 0)
            verdict |= CROSS_WORKERS;
        if (spoilt(&to[i]) || spoilt(&to[nout + i]))
            verdict |= CROSS_BESIDE;
    }
    put(out, &index, sizeof index);
    put(out, &verdict, sizeof verdict);
    for (uint64_t i = 0; i < nout; i++)
        put(out, y[i], to[i].bytes);
    if (fflush(out))
        die("cannot write");
    area_free(&w);
    area_free(&packed);
    for (uint64_t i = 0; i < nin; i++)
        area_free(&in[i]);
    for (uint64_t i = 0; i < 2 * nout; i++)
        area_free(&to[i]);
    free(in);
    free(to);
    free(x);
    free(y);
    free(z);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("JOBS OUT FROM");
    FILE *f = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    if (!f || !out)
        die("no such file");
    if (number(f) != CROSS_MAGIC)
        die("no jobs");
    uint64_t n = number(f), from = strtoull(argv[3], NULL, 10);
    for (uint64_t k = 0; k < n; k++) {
        uint64_t bytes = number(f);
        if (k >= from)
            job(f, out, k);
        else if (fseek(f, (long)bytes, SEEK_CUR))
            die("the jobs end early");
    }
    return fclose(out) ? 2 : 0;
}
