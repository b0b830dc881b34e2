/* The typed graph: building with late parameters and ties, copying functions, what the verifier and the reader refuse. */
#include "tests/unit/gram_world.h"

static struct world W;
static type_id V4, B4;          /* [4], [3, 4] */

static int setup(void **s)
{
    (void)s;
    world_begin(&W, "import std.nn\n");
    world_load(&W);
    V4 = type_parse(W.g->types, "f32[4]", &(const char *){0});
    B4 = type_parse(W.g->types, "f32[3, 4]", &(const char *){0});
    return 0;
}
static int teardown(void **s) { (void)s; world_end(&W); return 0; }

static const struct op_bind *bind(const char *name, u32 nattr, const struct num *attr, u32 nin, const type_id *in)
{
    for (u32 i = 0; i < W.g->ops.at.n; i++)
        if (strcmp(W.g->ops.at.at[i]->name, name) == 0) {
            struct op_why why;
            assert_int_equal(W.g->ops.at.at[i]->nattr, nattr);
            const struct op_bind *b = op_infer(W.g->memo, W.g->ops.at.at[i], attr, nin, in, &why);
            assert_non_null(b);
            return b;
        }
    fail_msg("no op %s", name);
    return NULL;
}

static aval relu(struct arch_builder *b, aval v)
{
    const struct op_bind *o = bind("relu", 0, NULL, 1, &V4);
    return ab_node(b, (struct anode){.kind = ANODE_OP, .op = o, .n = 1, .nin = 1, .in = &v, .nout = 1, .out = o->out, .label = "relu"});
}
static aval linear(struct arch_builder *b, aval v)
{
    struct num attr[2] = {num_int(4), num_int(1)};
    const struct op_bind *o = bind("linear", 2, attr, 1, &V4);
    return ab_node(b, (struct anode){.kind = ANODE_OP, .op = o, .n = 1, .nin = 1, .in = &v, .nout = 1, .out = o->out, .label = "linear"});
}
static aval add(struct arch_builder *b, aval x, aval y)
{
    const struct op_bind *o = bind("add", 0, NULL, 2, (type_id[]){V4, V4});
    return ab_node(b, (struct anode){.kind = ANODE_OP, .op = o, .n = 1, .nin = 2, .in = (aval[]){x, y}, .nout = 1, .out = o->out, .label = "add"});
}
static aval call(struct arch_builder *b, u32 fn, aval v, u32 tie, u32 up)
{
    return ab_node(b, (struct anode){.kind = ANODE_CALL, .fn = fn, .n = 1, .nin = 1, .in = &v, .nout = 1, .out = &V4, .tie = tie, .tie_up = up, .label = "f"});
}

static const char *dump(const struct arch *a)
{
    W.arch = (struct arch *)a;
    return world_arch(&W);
}

static void good(const struct arch *a)
{
    struct buf why = {0};
    if (!arch_verify(a, &why))
        fail_msg("%s", why.at);
    buf_free(&why);
}

/* A parameter that turns out to be needed comes after the declared ones, and numbers are as arch.h has them. */
static void late_parameters(void **s)
{
    (void)s;
    struct arch_builder *b = arch_builder_new(W.sample, W.g->types, "s");
    ab_begin(b, "s", 1, &V4);
    aval y = relu(b, 0);
    ab_begin(b, "inner", 1, &V4);
    aval r = relu(b, 0), late = ab_param(b, V4);
    assert_int_equal(ab_type(b, late), V4);
    aval sum = add(b, r, late);
    u32 fn = ab_end(b, 1, &sum);
    aval out = ab_node(b, (struct anode){.kind = ANODE_CALL, .fn = fn, .n = 1, .nin = 2, .in = (aval[]){0, y}, .nout = 1, .out = &V4, .label = "c"});
    ab_end(b, 1, &out);
    struct arch *a = ab_finish(b);
    good(a);
    assert_int_equal(a->fn.n, 2);
    assert_int_equal(a->fn.at[0].nparam, 2);
    assert_int_equal(a->fn.at[0].node.at[0].out0, 2);
    assert_int_equal(a->fn.at[0].node.at[1].in[0], 2);
    assert_int_equal(a->fn.at[0].node.at[1].in[1], 1);
    assert_int_equal(a->fn.at[0].out[0], 3);
    assert_int_equal(arch_val_type(&a->fn.at[1], 2), V4);
}

static void equal_functions(void **s)
{
    (void)s;
    struct arch_builder *b = arch_builder_new(W.sample, W.g->types, "s");
    ab_begin(b, "s", 1, &V4);
    u32 fn[4];
    for (u32 i = 0; i < 4; i++) {
        ab_begin(b, i == 3 ? "g" : "f", 1, &V4);
        aval v = i == 2 ? linear(b, 0) : relu(b, 0);
        fn[i] = ab_end(b, 1, &v);
    }
    assert_int_equal(fn[0], fn[1]);
    assert_int_not_equal(fn[0], fn[2]);
    assert_int_not_equal(fn[0], fn[3]);
    aval v = call(b, fn[0], 0, 0, 0);
    ab_end(b, 1, &v);
    good(ab_finish(b));
}

static void labels(void **s)
{
    (void)s;
    struct arch_builder *b = arch_builder_new(W.sample, W.g->types, "s");
    ab_begin(b, "s", 1, &V4);
    aval v = relu(b, relu(b, relu(b, 0)));
    const struct op_bind *o = bind("relu", 0, NULL, 1, &V4);
    for (u32 i = 0; i < 2; i++)
        v = ab_node(b, (struct anode){.kind = ANODE_OP, .op = o, .n = 1, .nin = 1, .in = &v, .nout = 1, .out = o->out, .label = "relu_2"});
    ab_end(b, 1, &v);
    struct arch *a = ab_finish(b);
    good(a);
    static const char *const want[] = {"relu", "relu_2", "relu_3", "relu_2_2", "relu_2_3"};
    for (u32 i = 0; i < 5; i++)
        assert_string_equal(a->fn.at[0].node.at[i].label, want[i]);
}

/* Ties: a copy moves them one level in; where a callee names one beyond itself, there is no copy. */
static void copies(void **s)
{
    (void)s;
    struct arch_builder *b = arch_builder_new(W.sample, W.g->types, "s");
    ab_begin(b, "s", 1, &V4);
    ab_begin(b, "shared", 1, &V4);
    aval v = linear(b, 0);
    u32 shared = ab_end(b, 1, &v);
    u32 outer = ab_tie(b);
    ab_begin(b, "body", 1, &V4);
    u32 own = ab_tie(b);
    assert_int_equal(own, 1);
    v = call(b, shared, call(b, shared, 0, own, 0), outer, 1);
    struct afn *body = ab_detach(b, 1, &v);
    aval in = relu(b, 0), out;
    assert_true(ab_splice(b, body, &in, &out));
    aval out2;
    assert_true(ab_splice(b, body, &out, &out2));
    u32 kept = ab_keep(b, body);
    ab_begin(b, "wrap", 1, &V4);
    v = call(b, kept, 0, 0, 0);                 /* what kept calls is shared in wrap's place */
    struct afn *wrap = ab_detach(b, 1, &v);
    aval none;
    assert_false(ab_splice(b, wrap, &out2, &none));
    ab_end(b, 1, &out2);
    struct arch *a = ab_finish(b);
    good(a);
    const struct afn *f = &a->fn.at[a->fn.n - 1];
    u32 ties = 0;
    for (u32 i = 0; i < f->node.n; i++)
        if (f->node.at[i].kind == ANODE_CALL) {
            ties++;
            assert_int_equal(f->node.at[i].tie_up, 0);
        }
    assert_int_equal(ties, 4);
    assert_int_equal(f->node.at[1].tie, 2);     /* own of the first copy */
    assert_int_equal(f->node.at[2].tie, 1);     /* the outer one */
    assert_int_equal(f->node.at[3].tie, 3);     /* own of the second copy: another one */
    assert_int_equal(f->node.at[4].tie, 1);
    assert_true(count_arch(a).params == 3 * 20);
}

static void bad(struct arch *a, const char *why)
{
    struct buf b = {0};
    assert_false(arch_verify(a, &b));
    if (!strstr(b.at, why))
        fail_msg("%s", b.at);
    buf_free(&b);
}

static struct arch *small(void)
{
    struct arch_builder *b = arch_builder_new(W.sample, W.g->types, "s");
    ab_begin(b, "s", 1, &B4);
    ab_begin(b, "f", 1, &V4);
    aval v = relu(b, 0);
    u32 fn = ab_end(b, 1, &v);
    v = ab_node(b, (struct anode){.kind = ANODE_REP, .fn = fn, .n = 3, .nin = 1, .in = (aval[]){0}, .spread = (bool[]){true}, .nout = 1, .out = &B4, .label = "e"});
    ab_end(b, 1, &v);
    return ab_finish(b);
}

static void verifier(void **s)
{
    (void)s;
    struct arch *a = small();
    good(a);
    struct anode *rep = &a->fn.at[1].node.at[0], *op = &a->fn.at[0].node.at[0];
    struct anode was = *rep, opwas = *op;
#define BREAK(change, text) do { change; bad(a, text); *rep = was; *op = opwas; } while (0)
    BREAK(rep->n = 4, "input 0 has not the type");
    BREAK(rep->spread = NULL, "input 0 has not the type");
    BREAK(rep->out = &V4, "output 0 has not the type");
    BREAK(rep->fn = 1, "callees come first");
    BREAK(rep->in = (aval[]){1}, "before it is defined");
    BREAK(rep->out0 = 0, "its first output");
    BREAK(rep->nin = 0, "takes 1");
    BREAK(rep->n = 0, "a count");
    BREAK(rep->tie = 1, "only calls");
    BREAK(rep->label = "", "no label");
    BREAK(rep->kind = ANODE_LOOP, "input 0 has not the type");
    BREAK(op->out = &B4, "not the type of its op");
    BREAK(op->nin = 0, "relu takes 1");
    a->fn.at[1].out = (aval[]){9};
    bad(a, "output 0 is value 9");
    a->fn.n = 0;
    bad(a, "no functions");
}

static void reading(void **s)
{
    (void)s;
    static const struct { const char *text; enum diag_code code; } wrong[] = {
        {"(arch s (fn f (params \"f32[4]\") (op relu 0 r (in 0) (out \"f32[5]\")) (results 1)))", E0809},
        {"(arch s (fn f (params \"f32[4]\") (op rellu 0 r (in 0) (out \"f32[4]\")) (results 1)))", E0809},
        {"(arch s (fn f (params \"f32[4]\") (op relu 0 r (in 1) (out \"f32[4]\")) (results 1)))", E0809},
        {"(arch s (fn f (params \"f32[4]\") (op linear 0 r (in 0) (attrs 4) (out \"f32[4]\")) (results 1)))", E0809},
        {"(arch s (fn f (params \"f32[4]\") (op linear 0 r (in 0) (attrs 4 x) (out \"f32[4]\")) (results 1)))", E0809},
        {"(arch s (fn f (params \"f32[0]\") (results 0)))", E0809},
        {"(arch s (fn f (params \"f32[4]\") (op relu 0 r (out \"f32[4]\")) (results 1)))", E0806},
        {"(arch s (fn f (params \"f32[4]\") (loop 2 r (in 0) (fn 0) (out \"f32[4]\")) (results 1)))", E0809},
        {"(arch s (fn f (params \"f32[4]\")))", E0806},
        {"(arch s (fn f (params \"f32[4]\") (what 3) (results 0)))", E0809},
        {"(arch s (fun))", E0809},
        {"(graph)", E0808},
        {"(arch s (fn f (params \"f32[4]\") (results 0)", E0803},
    };
    for (u32 i = 0; i < COUNTOF(wrong); i++) {
        struct diags ds = {0};
        diags_init(&ds, W.sample, W.srcs);
        struct arch *a = arch_read(W.sample, W.sp, &ds, srcs_add(W.srcs, "<arch>", wrong[i].text, strlen(wrong[i].text)), W.g->memo, &W.g->ops);
        if (a || !ds.nerrors || ds.all.at[0]->code != wrong[i].code)
            fail_msg("%s: %s", wrong[i].text, ds.nerrors ? diag_code_text(ds.all.at[0]->code) : "no error");
    }
    const char *text = "(arch s (fn f (params \"f32[4]\") (op leaky_relu 0 r (in 0) (attrs 1/8) (out \"f32[4]\")) (results 1 0)) (recipe lr 0.5) (recipe o (text \"a b\")))";
    struct arch *a = arch_read(W.sample, W.sp, &W.ds, srcs_add(W.srcs, "<arch>", text, strlen(text)), W.g->memo, &W.g->ops);
    world_show(&W);
    assert_non_null(a);
    assert_non_null(strstr(dump(a), "(attrs 1/8)"));
    assert_non_null(strstr(dump(a), "(recipe lr 0.5)"));
    assert_non_null(strstr(dump(a), "(text \"a b\")"));
    assert_non_null(strstr(dump(a), "(results 1 0)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(late_parameters, setup, teardown), cmocka_unit_test_setup_teardown(equal_functions, setup, teardown),
        cmocka_unit_test_setup_teardown(labels, setup, teardown),          cmocka_unit_test_setup_teardown(copies, setup, teardown),
        cmocka_unit_test_setup_teardown(verifier, setup, teardown),        cmocka_unit_test_setup_teardown(reading, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
