/* test_tails.c - every remainder of lanes and tiles: sums of products, depthwise, pooling of 1 .. 2 * lanes + 1 channels, few and odd points and
 * steps, on a machine with masks and one without; interpreted, and some compiled, against the evaluator. */
#include "tests/unit/plan_env.h"

#define HEAD "(cascade \"net\") (sym batch 1 2147483648 1 call)"

enum shape { MATMUL, BY_ROWS, CONV, DEPTHWISE, POOL, SHAPES };

/* n channels, m points a side or rows, k steps. */
static char *text_of(struct arena *a, enum shape s, u32 n, u32 m, u32 k)
{
    u32 i = m + 2;
    switch (s) {
    case MATMUL:
        return arena_printf(a, HEAD "(tens x in f32 run (dims batch %u %u)) (tens w param f32 load (dims %u %u) (init normal 0.0 1.0) (number 0)) (tens z in f32 run (dims batch %u %u)) (tens y out f32 run (dims batch %u %u))"
            "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank t par %u) (rank d par %u) (rank k red %u) (red add) (acc f32) (body (mul (read x r0 r1 r3) (read w r2 r3))) (post (add (acc 0) (read z r0 r1 r2))) (phase run))",
            m, k, n, k, m, n, m, n, m, n, k);
    case BY_ROWS:
        return arena_printf(a, HEAD "(tens x in f32 run (dims batch %u %u)) (tens w in f32 run (dims batch %u %u)) (tens y out f32 run (dims batch %u %u))"
            "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank t par %u) (rank d par %u) (rank k red %u) (red add) (acc f32) (body (mul (read x r0 r1 r3) (read w r0 r2 r3))) (phase run))",
            m, k, n, k, m, n, m, n, k);
    case CONV:
        return arena_printf(a, HEAD "(tens x in f32 run (dims batch %u %u %u)) (tens w param f32 load (dims %u %u 3 3) (init normal 0.0 1.0) (number 0)) (tens y out f32 run (dims batch %u %u %u))"
            "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par %u) (rank w par %u) (rank d par %u) (rank c red %u) (rank i red 3) (rank j red 3) (red add) (acc f32)"
            "(body (mul (read x r0 (iadd r1 r5) (iadd r2 r6) r4) (read w r3 r4 r5 r6))) (phase run))", i, i, k, n, k, m, m, n, m, m, n, k);
    case DEPTHWISE:
        return arena_printf(a, HEAD "(tens x in f32 run (dims batch %u %u %u)) (tens w param f32 load (dims %u 3 3) (init normal 0.0 1.0) (number 0)) (tens y out f32 run (dims batch %u %u %u))"
            "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par %u) (rank w par %u) (rank d par %u) (rank i red 3) (rank j red 3) (red add) (acc f32)"
            "(body (mul (read x r0 (iadd r1 r4) (iadd r2 r5) r3) (read w r3 r4 r5))) (phase run))", i, i, n, n, m, m, n, m, m, n);
    default:
        return arena_printf(a, HEAD "(tens x in f32 run (dims batch %u %u %u)) (tens y out f32 run (dims batch %u %u %u))"
            "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par %u) (rank w par %u) (rank c par %u) (rank i red 3) (rank j red %u) (red %s) (acc f32)"
            "(body (read x r0 (iadd (iadd r1 r4) -1) (iadd (iadd r2 r5) -1) r3 (pad %s))) (phase run))", m, m, n, m, m, n, m, m, n, 1 + k % 3, k % 2 ? "add" : "max", k % 2 ? "0.0" : "-inf");
    }
}

static void sweep(bool native)
{
    static const u32 points[] = { 1, 2, 3, 5, 7, 8, 9, 13, 17 }, steps[] = { 1, 2, 3, 4, 5, 7, 9, 16, 18 };
    for (u32 masks = 0; masks < 2; masks++) {
        u32 lanes = masks ? 16 : 8, turn = 0;
        for (u32 n = 1; n <= 2 * lanes + 1; n++)
            for (u32 s = 0; s < SHAPES; s++, turn++) {
                if (native && turn % 7)
                    continue;
                struct plan_env e;
                plan_env_open(&e);
                e.m.fma = true;
                if (!native || !masks) {
                    e.m.masks = masks;
                    e.m.vector_bits = masks ? 512 : 256;
                    e.m.nvreg = masks ? 32 : 16;
                }
                e.pack = turn % 3;
                if (turn % 4 == 1)
                    e.m.l2 = 512;               /* operands that do not fit: blocks of rows */
                if (!native || plan_env_native(&e)) {
                    struct cascade *c = plan_env_read(&e, text_of(e.a, (enum shape)s, n, points[(turn + n) % COUNTOF(points)], steps[(turn * 5 + n) % COUNTOF(steps)]));
                    plan_env_judge(&e, c, plan_env_plan(&e, c), 1 + turn % 2, turn);
                }
                plan_env_close(&e);
            }
    }
}

static void interpreted(void **state)
{
    (void)state;
    sweep(false);
}

static void compiled(void **state)
{
    (void)state;
    sweep(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(interpreted), cmocka_unit_test(compiled) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
