/* Counts of whole architectures: functions, loops, reps, and sets of parameters that calls share. */
#include "tests/unit/op_world.h"

#include "compiler/ir/arch.h"

static const char SOURCE[] =
    "op linear[D](x: [.., K]) -> y: [.., D] { param w: [D, K] ~ zeros;  y[.., d] += x[.., k] * w[d, k] }\n"
    "op relu(x: [..]) -> y: [..] { y[..] = max(x[..], 0) }\n";

struct build { struct op_world w; struct arch_builder *b; type_id t; };

static void begin(struct build *x)
{
    world_open(&x->w, SOURCE);
    x->b = arch_builder_new(x->w.a, x->w.g.types, str_c(x->w.g.sp, "test"));
    x->t = type_parse(x->w.g.types, "[4]", NULL);
}

static aval op_node(struct build *x, const char *call, aval in)
{
    struct op_why why;
    const struct op_bind *b = world_bind(&x->w, call, &why);
    assert_non_null(b);
    return ab_node(x->b, (struct anode){ .kind = ANODE_OP, .op = b, .n = 1, .nin = 1, .in = &in, .nout = 1, .out = b->out, .label = str_c(x->w.g.sp, "n") });
}

static aval call_node(struct build *x, enum anode_kind kind, u32 fn, u64 n, aval in, u32 tie, u32 tie_up)
{
    static const bool whole;
    type_id out = kind == ANODE_REP ? arch_lead(x->w.g.types, x->t, (i64)n) : x->t;
    return ab_node(x->b, (struct anode){ .kind = kind, .fn = fn, .n = n, .nin = 1, .in = &in, .spread = &whole, .nout = 1, .out = &out,
                                         .tie = tie, .tie_up = tie_up, .label = str_c(x->w.g.sp, "c") });
}

static struct count end(struct build *x, aval out)
{
    ab_end(x->b, 1, &out);
    struct count c = count_arch(ab_finish(x->b));
    world_close(&x->w);
    return c;
}

/* A cell of two linears: 32 parameters and multiply-adds, 3 nodes. */
static u32 cell(struct build *x)
{
    ab_begin(x->b, str_c(x->w.g.sp, "cell"), 1, &x->t);
    aval y = op_node(x, "linear[4] [4]", op_node(x, "relu [4]", op_node(x, "linear[4] [4]", 0)));
    return ab_end(x->b, 1, &y);
}

static void multiplied(void **state)
{
    struct build x;
    (void)state;
    begin(&x);
    ab_begin(x.b, str_c(x.w.g.sp, "main"), 1, &x.t);
    u32 f = cell(&x);
    aval y = call_node(&x, ANODE_LOOP, f, 5, call_node(&x, ANODE_CALL, f, 1, 0, 0, 0), 0, 0);
    y = call_node(&x, ANODE_REP, f, 7, y, 0, 0);
    struct count c = end(&x, y);
    assert_true(c.params == 13 * 32 && c.macs == 13 * 32 && c.nodes == 13 * 3);
    assert_true(c.bytes == 7 * 4 * (4 + 4 + 16));       /* the instances of a rep stand side by side */
}

static void saturated(void **state)
{
    struct build x;
    (void)state;
    begin(&x);
    ab_begin(x.b, str_c(x.w.g.sp, "main"), 1, &x.t);
    u32 f = cell(&x);
    for (u32 i = 0; i < 3; i++) {
        ab_begin(x.b, str_c(x.w.g.sp, "deep"), 1, &x.t);
        aval y = call_node(&x, ANODE_LOOP, f, (u64)1 << 50, 0, 0, 0);
        f = ab_end(x.b, 1, &y);
    }
    struct count c = end(&x, call_node(&x, ANODE_CALL, f, 1, 0, 0, 0));
    assert_true(c.params == COUNT_MAX && c.nodes == COUNT_MAX);
}

/* A share of the function it stands in counts once for its calls, and once for each instance of that function. */
static void tied(void **state)
{
    struct build x;
    (void)state;
    begin(&x);
    ab_begin(x.b, str_c(x.w.g.sp, "main"), 1, &x.t);
    u32 f = cell(&x);
    ab_begin(x.b, str_c(x.w.g.sp, "block"), 1, &x.t);
    u32 own = ab_tie(x.b), other = ab_tie(x.b);
    aval y = call_node(&x, ANODE_CALL, f, 1, 0, own, 0);
    y = call_node(&x, ANODE_CALL, f, 1, y, own, 0);
    y = call_node(&x, ANODE_CALL, f, 1, y, other, 0);
    y = call_node(&x, ANODE_CALL, f, 1, y, 0, 0);
    u32 block = ab_end(x.b, 1, &y);
    struct count c = end(&x, call_node(&x, ANODE_LOOP, block, 3, 0, 0, 0));
    assert_true(c.params == 3 * 3 * 32);
    assert_true(c.macs == 3 * 4 * 32 && c.nodes == 3 * 4 * 3);
}

/* A share further out is handed up, through loops, to the function it belongs to. */
static void tied_above(void **state)
{
    struct build x;
    (void)state;
    begin(&x);
    ab_begin(x.b, str_c(x.w.g.sp, "main"), 1, &x.t);
    u32 f = cell(&x);
    u32 shared = ab_tie(x.b);
    ab_begin(x.b, str_c(x.w.g.sp, "block"), 1, &x.t);
    aval y = call_node(&x, ANODE_CALL, f, 1, 0, shared, 1);
    y = op_node(&x, "linear[4] [4]", y);
    u32 block = ab_end(x.b, 1, &y);
    y = call_node(&x, ANODE_LOOP, block, 6, 0, 0, 0);
    y = call_node(&x, ANODE_CALL, f, 1, y, shared, 0);
    struct count c = end(&x, y);
    assert_true(c.params == 32 + 6 * 16);
    assert_true(c.macs == 7 * 32 + 6 * 16);
}

/* The same where nothing in the function itself names the share. */
static void tied_only_above(void **state)
{
    struct build x;
    (void)state;
    begin(&x);
    ab_begin(x.b, str_c(x.w.g.sp, "main"), 1, &x.t);
    u32 f = cell(&x);
    u32 shared = ab_tie(x.b);
    ab_begin(x.b, str_c(x.w.g.sp, "inner"), 1, &x.t);
    aval y = call_node(&x, ANODE_CALL, f, 1, 0, shared, 2);
    u32 inner = ab_end(x.b, 1, &y);
    ab_begin(x.b, str_c(x.w.g.sp, "outer"), 1, &x.t);
    y = call_node(&x, ANODE_CALL, inner, 1, call_node(&x, ANODE_CALL, inner, 1, 0, 0, 0), 0, 0);
    u32 outer = ab_end(x.b, 1, &y);
    struct count c = end(&x, call_node(&x, ANODE_LOOP, outer, 6, 0, 0, 0));
    assert_true(c.params == 32);
    assert_true(c.macs == 12 * 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiplied), cmocka_unit_test(saturated), cmocka_unit_test(tied), cmocka_unit_test(tied_above),
        cmocka_unit_test(tied_only_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
