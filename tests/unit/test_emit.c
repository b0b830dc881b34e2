/* test_emit.c - units of several models, what packed memory holds, what an object refers to; native files through the library.  A test's state is the name
 * of the backend that makes the files. */
#define _GNU_SOURCE
#include "tests/unit/unit.h"

#include "backends/elf_alone.h"
#include "compiler/atomic_file.h"
#include "compiler/base/src.h"
#include "compiler/emit.h"
#include "compiler/link.h"
#include "compiler/runtime/nasc_model.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char llvm[] = "llvm", gccjit[] = "gccjit";

/* A backend, if it was built and starts here: the test is left out otherwise. */
static struct backend_handle *backend(nasc_session *s, const char *name)
{
    struct backend_handle *h = backend_there(s, name) ? session_backend(s, name) : NULL;
    if (h && h->be->emit)
        return h;
    nasc_close(s);
    skip_for(name == llvm ? "no llvm" : "no gccjit");
    return NULL;
}

static nasc_session *open_space(void)
{
    nasc_session *s = nasc_open();
    assert_int_equal(nasc_load(s, "std.spaces.nas_bench_201"), NASC_OK);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    return s;
}

static void several_models(void **state)
{
    enum { N = 3 };
    nasc_session *s = open_space();
    struct backend_handle *be = backend(s, *state);
    struct unit_model model[N];
    struct pass_options po = {0};
    u32 alone = 0;
    for (u64 i = 0; i < N; i++) {
        nasc_arch *a;
        assert_int_equal(nasc_sample(s, 5, i, &a), NASC_OK);
        nasc_net *n = net_lower(s, arch_graph(a), &po);
        model[i] = (struct unit_model){.name = arena_printf(s->a, "m%u", (u32)i), .plan = n->plan};
        alone += n->plan->kernel.n + n->plan->once.n;
    }
    struct unit *u = session_unit(s, s->a, be, "three", N, model);
    struct buf object = {0}, header = {0}, why = {0};
    assert_non_null(u);
    assert_in_range(u->kernel.n, 1, alone - 1);     /* they share some */
    assert_int_equal(u->fn.n, 2 * N);
    assert_true(be->be->emit(be->inst, u, UNIT_OBJECT, &object, &why));
    assert_true(elf_stands_alone(s->a, object.at, object.n, &why));
    for (char *at = object.at; (at = memmem(at, object.n - (size_t)(at - object.at), ".data.rel.ro", 12)); at += 12)
        memcpy(at, ".data.of.our", 12);         /* by its name, addresses in constants are no variables */
    assert_false(elf_stands_alone(s->a, object.at, object.n, &why));
    assert_non_null(strstr(why.at, "variables"));
    unit_header(&header, u, N, model);
    assert_non_null(strstr(header.at, "extern const nasc_model m2_model;"));
    assert_non_null(strstr(header.at, "#define NASC_MODEL_H\n"));
    buf_free(&object);
    buf_free(&header);
    buf_free(&why);
    nasc_close(s);
}

/* What forward reads lies before what only load needs; load reads given weights where they are given, and writes none of them. */
static void packed_memory(void **state)
{
    nasc_session *s = open_space();
    struct backend_handle *be = backend(s, *state);
    nasc_arch *a;
    struct pass_options po = {0};
    assert_int_equal(nasc_sample(s, 5, 1, &a), NASC_OK);
    nasc_net *n = net_lower(s, arch_graph(a), &po);
    struct unit_model model = {.name = "m", .plan = n->plan};
    struct unit *u = session_unit(s, s->a, be, "m", 1, &model);
    assert_non_null(u);
    struct unit_sizes size = {0};
    u64 forward = 0, beyond = 0, copies = 0;
    assert_true(unit_sizes_of(u, "m", &size));
    for (u32 i = 0; i < u->fn.n; i++)
        for (u32 k = 0; k < u->fn.at[i].nstep; k++) {
            const struct unit_step *st = &u->fn.at[i].step[k];
            copies += u->fn.at[i].kind == UF_LOAD && st->kind == US_COPY && st->place[1].area == UA_WEIGHTS;
            for (u32 j = 0; j < st->nplace; j++) {
                const struct unit_place *p = &st->place[j];
                if (p->area == UA_WEIGHTS) {
                    assert_int_equal(u->fn.at[i].kind, UF_LOAD);
                    assert_in_range(p->offset, 0, size.weights - 1);
                }
                if (p->area == UA_ARENA)
                    assert_in_range(p->per_sample, 0, size.sample - 1);
                if (p->area != UA_PACKED)
                    continue;
                assert_in_range(p->offset, 0, size.packed - 1);
                if (u->fn.at[i].kind == UF_FORWARD)
                    forward = MAX(forward, p->offset);
            }
        }
    for (u32 k = 0; k < u->fn.at[0].nstep; k++) {
        const struct unit_step *st = &u->fn.at[0].step[k];
        for (u32 j = 0; j < st->nplace; j++)
            beyond += st->place[j].area == UA_PACKED && st->place[j].offset > forward;
    }
    assert_true(copies > 0);
    assert_true(beyond > 0);            /* scales and shifts on the way to others: load's own */
    nasc_close(s);
}

/* The check has teeth: an object of this program refers to others. */
static void objects_that_refer(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    struct buf why = {0};
    size_t n;
    char *own = src_read_file(a, NASC_BUILD_DIR "/tests/unit/test_emit.o", &n);
    if (own) {
        assert_false(elf_stands_alone(a, own, n, &why));
        assert_non_null(why.at);
        for (size_t k = 0; k < n; k += 1 + n / 500)     /* cut anywhere: no more than refused */
            (void)elf_stands_alone(a, arena_dup(a, own, k), k, &why);
    }
    buf_free(&why);
    arena_free(a);
}

static void library(void **state)
{
    static const nasc_emit_kind kind[] = {NASC_EMIT_HEADER, NASC_EMIT_OBJECT, NASC_EMIT_STATIC, NASC_EMIT_ASSEMBLY, NASC_EMIT_LLVM};
    u32 nkind = COUNTOF(kind) - (*state != llvm);       /* its own IR is LLVM's alone */
    char *first = NULL;
    size_t bytes = 0;
    for (u32 round = 0; round < 2; round++) {
        nasc_session *s = open_space();
        nasc_arch *a;
        nasc_bytes out[COUNTOF(kind)];
        nasc_emit_options o = {.name = "my net"};
        assert_int_equal(nasc_sample(s, 5, 0, &a), NASC_OK);
        assert_int_equal(nasc_emit(s, a, &o, 1, kind, out), NASC_USAGE);
        o = (nasc_emit_options){.name = "net", .weights = "w.safetensors"};
        assert_int_equal(nasc_emit(s, a, &o, 1, kind, out), NASC_USAGE);
        o = (nasc_emit_options){.name = "net", .backend = "ref"};
        assert_int_equal(nasc_emit(s, a, &o, 1, kind, out), NASC_ENV);
        assert_non_null(strstr(nasc_messages(s), "E0953"));
        o.backend = *state;
        o.embed_weights = round;
        if (backend(s, *state)) {
            assert_int_equal(nasc_emit(s, a, &o, nkind, kind, out), NASC_OK);
            assert_non_null(strstr(out[0].at, "#define NET_PACKED_BYTES UINT64_C("));
            assert_int_equal(strstr(out[0].at, "net_weights[]") != NULL, round);
            assert_memory_equal(out[1].at, "\x7f" "ELF", 4);
            assert_memory_equal(out[2].at, "!<arch>\n/               ", 24);
            assert_non_null(strstr(out[3].at, "net_forward"));
            if (nkind > 4)
                assert_non_null(strstr(out[4].at, "@net_forward"));
            if (!round) {
                bytes = out[1].n;
                first = memcpy(malloc(bytes), out[1].at, bytes);
                assert_int_equal(nasc_emit(s, a, &o, 1, &kind[1], out), NASC_OK);
                assert_int_equal(out[0].n, bytes);      /* the same again */
                assert_memory_equal(out[0].at, first, bytes);
            } else {
                assert_true(out[1].n > bytes + 1000000);        /* with its weights */
            }
            if (nkind == 4)
                assert_int_equal(nasc_emit(s, a, &o, 1, &kind[4], out), NASC_ENV);
        }
        assert_int_equal(nasc_target(s, "pdp11", NULL, NULL), NASC_USAGE);
        nasc_close(s);
    }
    free(first);
}

static void other_machines(void **state)
{
    (void)state;
    static const struct { const char *name; u8 machine; } target[] = {{"aarch64", 183}, {"riscv64", 243}, {"x86_64-v3", 62}};
    for (u32 i = 0; i < COUNTOF(target); i++) {
        nasc_session *s = open_space();
        nasc_arch *a;
        nasc_bytes out;
        assert_int_equal(nasc_target(s, target[i].name, NULL, NULL), NASC_OK);
        assert_int_equal(nasc_parse(s, "|none~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|none~1|none~2|", &a), NASC_OK);
        if (backend(s, llvm)) {
            assert_int_equal(nasc_emit(s, a, NULL, 1, (nasc_emit_kind[]){NASC_EMIT_OBJECT}, &out), NASC_OK);
            assert_int_equal(((const u8 *)out.at)[18], target[i].machine);
        }
        nasc_close(s);
    }
}

/* out[u] = 2 * in[u], by way of scratch[u]. */
static const struct loop_fn *twice(nasc_session *s)
{
    struct loop_fn *f = loop_fn_new(s->a, s->sp, str_c(s->sp, "twice"));
    u32 in = loop_buf_add(f, str_c(s->sp, "in"), LB_IN, DT_F32, 4, -1), out = loop_buf_add(f, str_c(s->sp, "out"), LB_OUT, DT_F32, 4, -1);
    u32 scratch = loop_buf_add(f, str_c(s->sp, "scratch"), LB_SCRATCH, DT_F32, 64, 16);
    struct loop_emit e = {f, &f->body};
    const struct ltype t = {DT_F32, 1};
    lval u;
    struct loop_emit b = le_for(&e, f->lo, f->hi, 1, 0, 0, NULL, &u, NULL, NULL);
    le_store(&b, scratch, u, le_load(&b, in, u, t, 0, 0), 0);
    lval x = le_load(&b, scratch, u, t, 0, 0);
    le_store(&b, out, u, le_op(&b, LO_FADD, t, x, x, 0), 0);
    le_yield(&b, 0, NULL);
    return f;
}

static void by_the_last_worker(void *ctx, int64_t n, nasc_range body, void *arg)
{
    ++*(u32 *)ctx;
    body(arg, n / 2, n, 2);
    body(arg, 0, n / 2, 2);
}

/* Every kind of step and place, as written by hand: fills of each width, copies, constants, scratch of workers, the least batch to share. */
static void steps(void **state)
{
    enum { BATCH = 2 };
    nasc_session *s = open_space();
    struct backend_handle *be = backend(s, *state);
    struct link_cc cc;
    link_cc(s->a, session_mach(s)->isa, &cc);
    if (!cc.path || cc.cross) {
        nasc_close(s);
        skip_for("no C compiler");
    }
    static const float table[4] = {1, 2, 3, 4};
    static const u8 empty[16];
    struct unit u = {.a = s->a, .name = "t"};
    struct unit_kernel k = {"nasc_twice", twice(s)};
    vec_push(s->a, &u.kernel, k);
    struct unit_place to[] = {{.area = UA_PACKED}, {.area = UA_WEIGHTS, .offset = 8}, {.area = UA_PACKED, .offset = 32}, {.area = UA_OUTPUT, .slot = 1},
                              {.area = UA_INPUT}, {.area = UA_OUTPUT}, {.area = UA_OUTPUT, .slot = 2}, {.area = UA_DATA, .offset = 4},
                              {.area = UA_OUTPUT, .slot = 2, .offset = 8}, {.area = UA_ARENA, .per_sample = 8}, {.area = UA_PACKED, .offset = 32}};
    struct unit_step load[] = {{.kind = US_COPY, .nplace = 2, .place = &to[0], .bytes = {16, 0}},
                               {.kind = US_FILL, .nplace = 1, .place = &to[2], .width = 2, .bytes = {6, 0}, .pattern = 0x1234}};
    struct unit_step run[] = {{.kind = US_FILL, .nplace = 1, .place = &to[3], .width = 4, .bytes = {0, 8}, .pattern = 0x3fc00000 /* 1.5 */},
                              {.kind = US_KERNEL, .nplace = 2, .place = &to[4], .units = {4, true}, .share = BATCH},
                              {.kind = US_COPY, .nplace = 2, .place = &to[6], .bytes = {8, 0}},
                              {.kind = US_FILL, .nplace = 1, .place = &to[8], .width = 8, .bytes = {8, 0}, .pattern = 0x4004000000000000 /* 2.5 */},
                              {.kind = US_COPY, .nplace = 2, .place = &to[9], .bytes = {2, 2}}};
    struct unit_fn fl = {.kind = UF_LOAD, .name = "t_load", .nstep = COUNTOF(load), .step = load, .scratch = {.area = UA_PACKED, .offset = 64}};
    struct unit_fn fr = {.kind = UF_FORWARD, .name = "t_forward", .nstep = COUNTOF(run), .step = run, .scratch = {.area = UA_ARENA, .per_sample = 64}, .worker_bytes = 64};
    struct unit_ref refs[] = {{.at = 0, .index = 0, .addend = 8}, {.at = 8, .fn = true, .index = 1}};
    struct unit_data d0 = {.name = "nasc_numbers", .align = 64, .bytes = sizeof table, .at = (const u8 *)table};
    struct unit_data d1 = {.name = "t_addresses", .global = true, .align = 8, .bytes = 16, .at = empty, .nref = 2, .ref = refs};
    vec_push(s->a, &u.fn, fl);
    vec_push(s->a, &u.fn, fr);
    vec_push(s->a, &u.data, d0);
    vec_push(s->a, &u.data, d1);
    struct buf object = {0}, so = {0}, why = {0};
    if (!be->be->emit(be->inst, &u, UNIT_OBJECT, &object, &why))
        fail_msg("%s", why.at);
    const struct link_model l = {.mach = session_mach(s), .name = "t", .object = object.at, .nobject = object.n};
    static const char path[] = NASC_BUILD_DIR "/tests/unit/test_emit.so";
    assert_true(link_shared(s, &l, &so) && atomic_write(path, so.at, so.n));
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(lib);
    unlink(path);
    int (*t_load)(const void *, void *) = NULL;
    void (*t_forward)(const void *, const void *const *, void *const *, void *, int64_t, const nasc_parallel *) = NULL;
    *(void **)&t_load = dlsym(lib, "t_load");
    *(void **)&t_forward = dlsym(lib, "t_forward");
    void **addresses = dlsym(lib, "t_addresses");
    assert_memory_equal(addresses[0], &table[2], 8);
    assert_ptr_equal(addresses[1], dlsym(lib, "t_forward"));

    float weights[6] = {9, 9, 5, 6, 7, 8}, x[4 * BATCH], y0[4 * BATCH], y1[2 * BATCH + 1], arena[(64 * BATCH + 3 * 64) / 4];
    double y2[3] = {0, 0, 7};
    _Alignas(8) u16 packed[32] = {0};
    for (u32 i = 0; i < COUNTOF(x); i++)
        x[i] = (float)i + 1;
    assert_int_equal(t_load(weights, packed), NASC_MODEL_OK);
    assert_memory_equal(packed, weights + 2, 16);
    assert_true(packed[16] == 0x1234 && packed[18] == 0x1234 && packed[19] == 0);
    u32 shared = 0;
    const nasc_parallel par = {&shared, 3, by_the_last_worker};
    for (i64 batch = 1; batch <= BATCH; batch++) {
        memset(arena, 0, sizeof arena);
        memset(y1, 0, sizeof y1);
        t_forward(packed, (const void *[]){x}, (void *[]){y0, y1, y2}, arena, batch, &par);
        assert_int_equal(shared, batch == BATCH);
        for (i64 i = 0; i < 4 * batch; i++)
            assert_true(y0[i] == 2 * x[i]);
        for (i64 i = 0; i < 2 * batch + 1 && i < 2 * BATCH + 1; i++)
            assert_true(y1[i] == (i < 2 * batch ? 1.5f : 0));
        assert_memory_equal(y2, &table[1], 8);
        assert_true(y2[1] == 2.5 && y2[2] == 7);
        assert_memory_equal((char *)arena + 8 * batch, &packed[16], 2 + 2 * (size_t)batch > 6 ? 6 : 2 + 2 * (size_t)batch);
        /* the scratch behind the samples: the caller's, or that of worker 2 */
        assert_memory_equal((char *)arena + 64 * batch + (batch == BATCH ? 128 : 0), x, 16 * (size_t)batch);
    }
    dlclose(lib);
    buf_free(&object);
    buf_free(&so);
    buf_free(&why);
    nasc_close(s);
}

#define WITH(test, backend) { #test " " #backend, test, NULL, NULL, backend }
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(several_models, llvm), WITH(several_models, gccjit), WITH(packed_memory, llvm), WITH(packed_memory, gccjit), WITH(library, llvm),
        WITH(library, gccjit), WITH(steps, llvm), WITH(steps, gccjit), cmocka_unit_test(objects_that_refer), cmocka_unit_test(other_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
