/* engine.c - see engine.h. */
#include "tests/differential/engine.h"

#include "compiler/compare.h"
#include "compiler/compare_strict.h"
#include "compiler/ir/elem.h"
#include "tests/differential/gen_inputs.h"

#include <stdio.h>

static const struct engine rows[] = {
    { .name = "ref", .backend = "ref" },
    { .name = "ref-fewer", .backend = "ref", .fewer = true },
    { .name = "tape", .generic = true },
    { .name = "tape-v3", .generic = true, .cpu = "x86-64-v3" },
    { .name = "llvm", .backend = "llvm" },
    { .name = "llvm-v3", .backend = "llvm", .cpu = "x86-64-v3" },
    { .name = "llvm-v2", .backend = "llvm", .cpu = "x86-64-v2" },
    { .name = "llvm-fewer", .backend = "llvm", .fewer = true },
    { .name = "llvm-threads", .backend = "llvm", .threads = 3 },
    { .name = "gccjit", .backend = "gccjit" },
    { .name = "ref-strict", .backend = "ref", .strict = true },
    { .name = "tape-strict", .generic = true, .strict = true },
    { .name = "llvm-strict", .backend = "llvm", .strict = true },
    { .name = "llvm-v3-strict", .backend = "llvm", .cpu = "x86-64-v3", .strict = true },
    { .name = "gccjit-strict", .backend = "gccjit", .strict = true },
};

u32 engine_count(void)
{
    return COUNTOF(rows);
}

const struct engine *engine_row(u32 k)
{
    return &rows[k];
}

bool engine_named(struct engine *e, const char *name)
{
    for (u32 k = 0; k < COUNTOF(rows); k++)
        if (strcmp(rows[k].name, name) == 0) {
            *e = rows[k];
            return true;
        }
    return false;
}

void engine_close(struct engine *e)
{
    if (e->s)
        nasc_close(e->s);
    e->s = NULL;
}

static bool open_session(struct engine *e)
{
    if (e->s || e->absent)
        return e->s;
    e->s = nasc_open();
    e->s->no_cache = true;
    e->s->checked = true;
    const char *want = e->backend ? e->backend : "ref";
    struct backend_handle *h = (!e->cpu || session_cpu(e->s, e->cpu)) ? session_backend(e->s, want) : NULL;
    if (!h || strcmp(h->name, want) != 0) {
        engine_close(e);
        e->absent = true;
    }
    return e->s;
}

static void input(void *ctx, u32 number, enum dtype t, u64 n, void *out)
{
    const struct trial *k = ctx;
    for (u64 i = 0; i < n; i++)
        elem_set(t, out, i, gen_input(t, k->seed, number, i, k->special));
}

static void weight(void *ctx, const struct ein_tens *t, u64 n, void *out)
{
    const struct trial *k = ctx;
    struct arena *a = arena_new("weights");
    double *v = NEW_ARRAY(a, double, n + 1);
    gen_weights(t, k->seed, n, v);
    for (u64 i = 0; i < n; i++)
        elem_set((enum dtype)t->dtype, out, i, v[i]);
    arena_free(a);
}

/* Passes to leave out: none that later stages need. */
static u64 some_passes(u64 seed)
{
    u64 out = 0;
    struct rng r = rng_make(seed, 0x706173736573, 0);
    for (u32 k = 0; k < pass_count; k++)
        if (strcmp(pass_table[k].name, "ein-group") != 0 && rng_u64(&r) % 2)
            out |= (u64)1 << k;
    return out;
}

static void say(struct verdict *v, enum verdict_kind kind, const char *text)
{
    v->kind = (u8)kind;
    snprintf(v->text, sizeof v->text, "%s", text ? text : "");
}

static void judge(struct engine *e, nasc_net *n, const struct trial *t, struct verdict *v)
{
    struct compare_values values = { (void *)(uintptr_t)t, input, weight };
    struct buf why = { 0 };
    if (e->strict) {
        struct compare_strict r;
        bool ok = compare_strict_on(n, &values, t->seed, t->batch, &r, &why);
        v->elems = r.elems;
        if (!ok)
            say(v, V_GAVE_UP, why.at);
        else if (r.differ)
            say(v, V_DIFFERS, r.first_bad);
    } else {
        struct compare r = { 0 };
        bool ok = compare_net_on(n, &values, t->seed, t->batch, &r, &why);
        v->launches = r.groups;
        v->unbounded = !r.end_checked;
        v->worst = MAX(r.worst_group, r.worst_end);
        v->worst_rewrite = r.worst_rewrite;
        if (!ok)
            say(v, V_GAVE_UP, why.at);
        else if (r.bad_groups)
            say(v, V_DIFFERS, r.first_bad);
        else if (!(r.worst_end <= 1) || !(r.worst_rewrite <= 1)) {
            char text[400];
            snprintf(text, sizeof text, "outputs at %.3g of their bound, the rewritten cascade at %.3g; %s", r.worst_end, r.worst_rewrite, r.bad_end ? r.bad_end : "");
            say(v, V_DIFFERS, text);
        }
    }
    buf_free(&why);
}

void engine_try(struct engine *e, const struct cascade *c, const struct trial *t, struct verdict *v)
{
    *v = (struct verdict){ .kind = V_AGREES };
    if (!open_session(e)) {
        v->kind = V_ABSENT;
        return;
    }
    struct pass_options o = { .strict = e->strict, .training = c->training, .code = e->generic ? CODE_GENERIC : CODE_SPECIAL, .break_ = e->break_,
                              .without = e->fewer ? some_passes(t->seed) : 0 };
    struct bug_trap trap;
    nasc_net *volatile n = NULL;
    bug_trap_push(&trap);
    if (setjmp(trap.back)) {
        say(v, V_BUG, trap.text);
    } else {
        n = net_lower_cascade(e->s, c, &o);
        nasc_net *one = n;
        if (!net_code(e->s, 1, &one, e->backend) || !net_threads(n, e->threads ? e->threads : 1))
            say(v, V_BUG, nasc_messages(e->s));
        else
            judge(e, n, t, v);
        bug_trap_pop(&trap);
    }
    if (v->kind == V_BUG && e->s->nets && !n)
        n = e->s->nets;                 /* it was begun */
    nasc_net_free(n);
    session_clear(e->s);
}
