/* test_emit.c - units of several models, what packed memory holds, what an object refers to; native files through the library. */
#include "tests/unit/unit.h"

#include "backends/elf_alone.h"
#include "compiler/base/src.h"
#include "compiler/emit.h"
#include "compiler/link.h"

#include <string.h>

/* LLVM, if it was built: the test is left out otherwise. */
static struct backend_handle *llvm(nasc_session *s)
{
    struct backend_handle *h = backend_there(s, "llvm") ? session_backend(s, "llvm") : NULL;
    if (h && h->be->emit)
        return h;
    nasc_close(s);
    skip_for("no llvm");
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
    (void)state;
    enum { N = 3 };
    nasc_session *s = open_space();
    struct backend_handle *be = llvm(s);
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
    (void)state;
    nasc_session *s = open_space();
    struct backend_handle *be = llvm(s);
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
    (void)state;
    static const nasc_emit_kind kind[] = {NASC_EMIT_HEADER, NASC_EMIT_OBJECT, NASC_EMIT_STATIC, NASC_EMIT_ASSEMBLY, NASC_EMIT_LLVM};
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
        o.backend = NULL;
        o.embed_weights = round;
        if (llvm(s)) {
            assert_int_equal(nasc_emit(s, a, &o, COUNTOF(kind), kind, out), NASC_OK);
            assert_non_null(strstr(out[0].at, "#define NET_PACKED_BYTES UINT64_C("));
            assert_int_equal(strstr(out[0].at, "net_weights[]") != NULL, round);
            assert_memory_equal(out[1].at, "\x7f" "ELF", 4);
            assert_memory_equal(out[2].at, "!<arch>\n/               ", 24);
            assert_non_null(strstr(out[3].at, "net_forward"));
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
        if (llvm(s)) {
            assert_int_equal(nasc_emit(s, a, NULL, 1, (nasc_emit_kind[]){NASC_EMIT_OBJECT}, &out), NASC_OK);
            assert_int_equal(((const u8 *)out.at)[18], target[i].machine);
        }
        nasc_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(several_models), cmocka_unit_test(packed_memory), cmocka_unit_test(objects_that_refer),
                                       cmocka_unit_test(library), cmocka_unit_test(other_machines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
