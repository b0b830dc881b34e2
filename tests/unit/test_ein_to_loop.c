/* test_ein_to_loop.c - every shape of equation as loops: interpreted, and compiled where LLVM is there, against the evaluator. */
#include "tests/unit/plan_env.h"

#define HEAD "(cascade \"net\") (sym batch 1 2147483648 1 call)\n"
#define F32(name, role, dims) "(tens " name " " role " f32 run (dims " dims "))\n"
#define PARAM(name, dims, number) "(tens " name " param f32 load (dims " dims ") (init normal 0.0 0.5) (number " number "))\n"

struct text { const char *name, *text; };
static const struct text cases[] = {
    { "copy", HEAD F32("x", "in", "batch 5 7") F32("y", "out", "batch 5 7")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 5) (rank j par 7) (acc f32) (body (read x r0 r1 r2)) (phase run))" },
    { "transpose", HEAD F32("x", "in", "batch 17 33") F32("y", "out", "batch 33 17")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 33) (rank j par 17) (acc f32) (body (read x r0 r2 r1)) (phase run))" },
    { "conv3x3", HEAD F32("x", "in", "batch 3 9 20") PARAM("w", "16 3 3 3", "0") PARAM("bias", "16", "1") F32("y", "out", "batch 16 9 20")
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 16) (rank h par 9) (rank w par 20) (rank c red 3) (rank i red 3) (rank j red 3)"
      " (red add) (acc f32) (body (mul (read x r0 r4 (iadd (iadd r2 r5) -1) (iadd (iadd r3 r6) -1) (pad 0.0)) (read w r1 r4 r5 r6)))"
      " (post (max (add (acc 0) (read bias r1)) 0.0)) (phase run))" },
    { "conv-small-image", HEAD F32("x", "in", "batch 5 8 8") PARAM("w", "10 5 3 3", "0") F32("y", "out", "batch 10 8 8")
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 10) (rank h par 8) (rank w par 8) (rank c red 5) (rank i red 3) (rank j red 3)"
      " (red add) (acc f32) (body (mul (max (read x r0 r4 (iadd (iadd r2 r5) -1) (iadd (iadd r3 r6) -1) (pad 0.0)) 0.0) (read w r1 r4 r5 r6))) (phase run))" },
    { "conv-stride2", HEAD F32("x", "in", "batch 4 16 16") PARAM("w", "7 4 3 3", "0") F32("y", "out", "batch 7 8 8")
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 7) (rank h par 8) (rank w par 8) (rank c red 4) (rank i red 3) (rank j red 3)"
      " (red add) (acc f32) (body (mul (read x r0 r4 (iadd (iadd (imul r2 2) r5) -1) (iadd (iadd (imul r3 2) r6) -1) (pad 0.0)) (read w r1 r4 r5 r6))) (phase run))" },
    { "conv-dilated-grouped", HEAD F32("x", "in", "batch 6 11 13") PARAM("w", "6 2 3 3", "0") F32("y", "out", "batch 6 11 13")
      "(eq (out y) (lhs r0 (iadd (imul r1 2) r2) r3 r4) (rank b par batch) (rank g par 3) (rank d par 2) (rank h par 11) (rank w par 13) (rank c red 2) (rank i red 3) (rank j red 3)"
      " (red add) (acc f32) (body (mul (read x r0 (iadd (imul r1 2) r5) (iadd (iadd r3 (imul r6 2)) -2) (iadd (iadd r4 (imul r7 2)) -2) (pad 0.0)) (read w (iadd (imul r1 2) r2) r5 r6 r7))) (phase run))" },
    { "conv1x1", HEAD F32("x", "in", "batch 12 7 7") PARAM("w", "24 12", "0") F32("z", "in", "batch 24 7 7") F32("y", "out", "batch 24 7 7")
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 24) (rank h par 7) (rank w par 7) (rank c red 12)"
      " (red add) (acc f32) (body (mul (read x r0 r4 r2 r3) (read w r1 r4))) (post (add (acc 0) (read z r0 r1 r2 r3))) (phase run))" },
    { "conv-channels-last", HEAD F32("x", "in", "batch 6 18 4") PARAM("w", "3 3 4 32", "0") F32("y", "out", "batch 6 18 32")
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par 6) (rank w par 18) (rank d par 32) (rank i red 3) (rank j red 3) (rank c red 4)"
      " (red add) (acc f32) (body (mul (read x r0 (iadd (iadd r1 r4) -1) (iadd (iadd r2 r5) -1) r6 (pad 0.0)) (read w r4 r5 r6 r3))) (phase run))" },
    { "linear", HEAD F32("x", "in", "batch 70") PARAM("w", "33 70", "0") PARAM("v", "33", "1") F32("y", "out", "batch 33")
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 33) (rank k red 70) (red add) (acc f32) (body (mul (read x r0 r2) (read w r1 r2))) (post (add (acc 0) (read v r1))) (phase run))" },
    { "tokens", HEAD F32("x", "in", "batch 9 40") PARAM("w", "40 36", "0") F32("y", "out", "batch 9 36")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank t par 9) (rank d par 36) (rank k red 40) (red add) (acc f32) (body (mul (read x r0 r1 r3) (read w r3 r2))) (post (mul (acc 0) (sigmoid (acc 0)))) (phase run))" },
    { "softmax", HEAD F32("x", "in", "batch 6 37") F32("m", "temp", "batch 6") F32("e", "temp", "batch 6 37") F32("s", "temp", "batch 6") F32("y", "out", "batch 6 37")
      "(eq (out m) (lhs r0 r1) (rank b par batch) (rank i par 6) (rank k red 37) (red max) (acc f32) (body (read x r0 r1 r2)) (phase run))"
      "(eq (out e) (lhs r0 r1 r2) (rank b par batch) (rank i par 6) (rank k par 37) (acc f32) (body (exp (sub (read x r0 r1 r2) (read m r0 r1)))) (phase run))"
      "(eq (out s) (lhs r0 r1) (rank b par batch) (rank i par 6) (rank k red 37) (red add) (acc f32) (body (read e r0 r1 r2)) (phase run))"
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 6) (rank k par 37) (acc f32) (body (div (read e r0 r1 r2) (read s r0 r1))) (phase run))" },
    { "layernorm", HEAD F32("x", "in", "batch 5 50") F32("s", "temp", "batch 5") F32("v", "temp", "batch 5") PARAM("g", "50", "0") F32("y", "out", "batch 5 50")
      "(eq (out s) (lhs r0 r1) (rank b par batch) (rank i par 5) (rank k red 50) (red add) (acc f32) (body (read x r0 r1 r2)) (post (mul (acc 0) 0.02)) (phase run))"
      "(eq (out v) (lhs r0 r1) (rank b par batch) (rank i par 5) (rank k red 50) (red add) (acc f32) (body (mul (sub (read x r0 r1 r2) (read s r0 r1)) (sub (read x r0 r1 r2) (read s r0 r1)))) (post (mul (acc 0) 0.02)) (phase run))"
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 5) (rank k par 50) (acc f32) (body (mul (mul (sub (read x r0 r1 r2) (read s r0 r1)) (rsqrt (add (read v r0 r1) 0.00001))) (read g r2))) (phase run))" },
    { "maxpool", HEAD F32("x", "in", "batch 3 9 17") F32("y", "out", "batch 3 5 9")
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank c par 3) (rank h par 5) (rank w par 9) (rank i red 3) (rank j red 3) (red max) (acc f32)"
      " (body (read x r0 r1 (iadd (iadd (imul r2 2) r4) -1) (iadd (iadd (imul r3 2) r5) -1) (pad -inf))) (phase run))" },
    { "avgpool-exact", HEAD F32("x", "in", "batch 3 9 16") F32("y", "out", "batch 3 9 16")
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank c par 3) (rank h par 9) (rank w par 16) (rank i red 3) (rank j red 3) (red add) (acc f32)"
      " (body (read x r0 r1 (iadd (iadd r2 r4) -1) (iadd (iadd r3 r5) -1) (pad 0.0)))"
      " (post (div (acc 0) (mul (sub 3.0 (add (cast f32 (eq r2 0)) (cast f32 (eq r2 8)))) (sub 3.0 (add (cast f32 (eq r3 0)) (cast f32 (eq r3 15))))))) (phase run))" },
    { "global-mean", HEAD F32("x", "in", "batch 5 7 9") F32("y", "out", "batch 5")
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank c par 5) (rank h red 7) (rank w red 9) (red add) (acc f32) (body (read x r0 r1 r2 r3)) (post (div (acc 0) 63.0)) (phase run))" },
    { "batch-statistics", HEAD F32("x", "in", "batch 5 12") "(tens s temp f32 run (dims 5))" F32("y", "out", "batch 5 12")
      "(eq (out s) (lhs r0) (rank c par 5) (rank b red batch) (rank w red 12) (red add) (acc f32) (body (read x r1 r0 r2)) (post (div (acc 0) (mul 12.0 (ofint (sym batch))))) (phase run))"
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank c par 5) (rank w par 12) (acc f32) (body (sub (read x r0 r1 r2) (read s r1))) (phase run))" },
    { "concat", HEAD F32("x", "in", "batch 3 5") F32("z", "in", "batch 4 5") F32("y", "out", "batch 7 5")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 3) (rank j par 5) (acc f32) (body (read x r0 r1 r2)) (phase run))"
      "(eq (out y) (lhs r0 (iadd r1 3) r2) (rank b par batch) (rank i par 4) (rank j par 5) (acc f32) (body (read z r0 r1 r2)) (phase run))" },
    { "argmax", HEAD F32("x", "in", "batch 3 7 5") "(tens y out i32 run (dims batch 3))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank c par 3) (rank i red 7) (rank j red 5) (red argmax) (acc f32) (body (read x r0 r1 r2 r3)) (guard (lt r3 r2)) (phase run))" },
    { "prefix-sum", HEAD F32("x", "in", "batch 21") F32("y", "out", "batch 21")
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 21) (rank k red 21) (red add) (acc f32) (body (read x r0 r2)) (guard (le r2 r1)) (phase run))" },
    { "causal-attention", HEAD F32("q", "in", "batch 2 19 8") F32("k", "in", "batch 2 19 8") F32("v", "in", "batch 2 19 8") F32("s", "temp", "batch 2 19 19")
      F32("m", "temp", "batch 2 19") F32("z", "temp", "batch 2 19") F32("y", "out", "batch 2 19 8")
      "(eq (out s) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par 2) (rank p par 19) (rank n par 19) (rank e red 8) (red add) (acc f32) (body (mul (read q r0 r1 r2 r4) (read k r0 r1 r3 r4))) (post (mul (acc 0) 0.35)) (phase run))"
      "(eq (out m) (lhs r0 r1 r2) (rank b par batch) (rank h par 2) (rank p par 19) (rank n red 19) (red max) (acc f32) (body (read s r0 r1 r2 r3)) (guard (le r3 r2)) (phase run))"
      "(eq (out z) (lhs r0 r1 r2) (rank b par batch) (rank h par 2) (rank p par 19) (rank n red 19) (red add) (acc f32) (body (exp (sub (read s r0 r1 r2 r3) (read m r0 r1 r2)))) (guard (le r3 r2)) (phase run))"
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par 2) (rank p par 19) (rank f par 8) (rank n red 19) (red add) (acc f32) (body (mul (exp (sub (read s r0 r1 r2 r4) (read m r0 r1 r2))) (read v r0 r1 r4 r3))) (guard (le r4 r2)) (post (div (acc 0) (read z r0 r1 r2))) (phase run))" },
    { "gather", HEAD "(tens i in i32 run (dims batch 9))" PARAM("w", "5 20", "0") F32("y", "out", "batch 9 20")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank s par 9) (rank d par 20) (acc f32) (body (read w (gather i r0 r1) r2 (pad 0.5))) (phase run))" },
    { "gather-lanes", HEAD "(tens i in i32 run (dims batch 40))" PARAM("w", "5", "0") F32("y", "out", "batch 40")
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank s par 40) (acc f32) (body (read w (iadd (gather i r0 r1) -1) (pad 0.5))) (phase run))" },
    { "folded", HEAD F32("x", "in", "batch 6 35") F32("y", "out", "batch 30 7")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 30) (rank j par 7) (acc f32) (body (read x r0 (imod (iadd (imul r1 7) r2) 6) (idiv (iadd (imul r1 7) r2) 6))) (phase run))" },
    { "select-guards-a-read", HEAD F32("x", "in", "batch 20") F32("y", "out", "batch 40")
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 40) (acc f32) (body (select (lt r1 20) (read x r0 r1 (pad 9.0)) 1.5)) (phase run))" },
    { "map-guard", HEAD F32("x", "in", "batch 6 20") F32("y", "out", "batch 6 20")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 6) (rank j par 20) (acc f32) (body (add (read x r0 r1 r2) 1.0)) (guard (le r2 (imul r1 3))) (phase run))" },
    { "recurrence", HEAD F32("x", "in", "batch 11 6") PARAM("w", "6 6", "0") F32("h", "temp", "batch 12 6") F32("u", "temp", "batch 11 6") F32("y", "out", "batch 6")
      "(eq (out h) (lhs r0 0 r1) (rank b par batch) (rank d par 6) (acc f32) (body 0.25) (phase run))"
      "(eq (out u) (lhs r0 r1 r2) (rank b par batch) (rank t par 11) (rank d par 6) (rank k red 6) (red add) (acc f32) (body (mul (read h r0 r1 r3) (read w r2 r3))) (scan 1 1) (phase run))"
      "(eq (out h) (lhs r0 (iadd r1 1) r2) (rank b par batch) (rank t par 11) (rank d par 6) (acc f32) (body (tanh (add (read u r0 r1 r2) (read x r0 r1 r2)))) (scan 1 1) (phase run))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 6) (acc f32) (body (read h r0 11 r1)) (phase run))" },
    { "dtypes", HEAD "(tens x in f16 run (dims batch 19)) (tens z in bf16 run (dims batch 19)) (tens k in i8 run (dims batch 19)) (tens y out f16 run (dims batch 19)) (tens n out i32 run (dims batch))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 19) (acc f16) (body (cast f16 (mul (cast f32 (read x r0 r1)) (cast f32 (read z r0 r1))))) (phase run))"
      "(eq (out n) (lhs r0) (rank b par batch) (rank i red 19) (red add) (acc i32) (body (mul (cast i32 (read k r0 r1)) 3.0)) (phase run))" },
    { "f64", HEAD "(tens x in f64 run (dims batch 19 5)) (tens y out f64 run (dims batch 5))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 5) (rank k red 19) (red add) (acc f64) (body (mul (read x r0 r2 r1) (read x r0 r2 r1))) (phase run))" },
    { "bools", HEAD F32("x", "in", "batch 19") "(tens m temp bool run (dims batch 19))" F32("y", "out", "batch 19")
      "(eq (out m) (lhs r0 r1) (rank b par batch) (rank i par 19) (acc bool) (body (and (lt 0.0 (read x r0 r1)) (not (lt 1.0 (read x r0 r1))))) (phase run))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 19) (acc f32) (body (select (read m r0 r1) (read x r0 r1) -1.0)) (phase run))" },
    { "random", HEAD F32("x", "in", "batch 19") F32("y", "out", "batch 19")
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 19) (acc f32) (body (select (lt (rand 7 (iadd (imul r0 19) r1)) 0.5) (read x r0 r1) 0.0)) (phase run))" },
    { "load-phase", HEAD F32("x", "in", "batch 8") PARAM("w", "8", "0") PARAM("v", "8", "1") "(tens s temp f32 load (dims 8))" F32("y", "out", "batch 8")
      "(eq (out s) (lhs r0) (rank d par 8) (acc f32) (body (mul (read w r0) (rsqrt (add (abs (read v r0)) 1.0)))) (phase load))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 8) (acc f32) (body (mul (read x r0 r1) (read s r1))) (phase run))" },
    { "matrices", HEAD F32("x", "in", "batch 3 3 19") F32("y", "out", "batch 5 4 19")
      "(tens a const f32 const (dims 5 3) (value 0.1 0.3 0.7  0 0 0  0.1 -0.3 0.7  2 5 3  0 0 -1)) (tens h const f32 const (dims 4 3) (value 1 1 1  1 -1 1  1 2 4  1 -2 4))"
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank p par 5) (rank q par 4) (rank c par 19) (rank i red 3) (rank j red 3) (red add) (acc f32)"
      " (body (mul (read a r1 r4) (mul (max (read x r0 r4 r5 r3) 0.0) (read h r2 r5)))) (post (add (mul (acc 0) 0.5) 1.0)) (phase run))" },
    { "matrices-by-remainder", HEAD F32("x", "in", "batch 7 11 20") F32("y", "out", "batch 7 11 20")
      "(tens a const f32 const (dims 3 2) (value 1 2  1 -2  3 1)) (tens h const f32 const (dims 4 3) (value 1 1 1  1 -1 1  1 2 4  1 -2 4))"
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par 7) (rank w par 11) (rank c par 20) (rank i red 2) (rank j red 3) (red add) (acc f32)"
      " (body (mul (mul (read a (imod r1 3) r4) (read h (imod r2 4) r5)) (read x r0 (iadd (imul (idiv r1 3) 3) r4) (iadd (imul (idiv r2 4) 4) r5) r3 (pad 0.0))))"
      " (post (max (acc 0) (read x r0 r1 r2 r3))) (phase run))" },
    { "no-matrices", HEAD F32("x", "in", "batch 3 3 19") F32("y", "out", "batch 3 3")
      "(tens a const f32 const (dims 3 3) (value 1 2 0  1 -2 1  3 1 1))"
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank p par 3) (rank q par 3) (rank i red 3) (rank j red 3) (rank c red 19) (red add) (acc f32)"
      " (body (mul (read a r1 r3) (mul (read a r2 r4) (read x r0 r3 r4 r5)))) (phase run))" },
    { "first-row-apart", HEAD F32("x", "in", "batch 40 5") F32("y", "out", "batch 40 5")
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 40) (rank j par 5) (acc f32) (body (select (eq r1 0) (mul (read x r0 r1 r2) 3.0) (select (eq r2 4) (abs (read x r0 r1 r2)) (read x r0 0 r2)))) (phase run))" },
    { "user-monoid", HEAD "(monoid welford 3 1 (zero 0.0 0.0 0.0) (lift 1.0 (arg 0) 0.0) (merge (add (arg 0) (arg 3))"
      " (add (arg 1) (div0 (mul (sub (arg 4) (arg 1)) (arg 3)) (add (arg 0) (arg 3))))"
      " (add (add (arg 2) (arg 5)) (div0 (mul (mul (sub (arg 4) (arg 1)) (sub (arg 4) (arg 1))) (mul (arg 0) (arg 3))) (add (arg 0) (arg 3))))))"
      F32("x", "in", "batch 9 20") F32("n", "out", "batch 20") F32("mean", "out", "batch 20") F32("m2", "out", "batch 20")
      "(eq (out n mean m2) (lhs r0 r1) (rank b par batch) (rank j par 20) (rank k red 9) (red user welford) (acc f32) (body (read x r0 r2 r1)) (phase run))" },
};

static void judge_all(struct plan_env *e)
{
    for (u32 i = 0; i < COUNTOF(cases); i++) {
        struct cascade *c = plan_env_read(e, cases[i].text);
        struct plan *p = plan_env_plan(e, c);
        double worst = plan_env_judge(e, c, p, 1, i);
        p = plan_env_plan(e, c);
        worst = fmax(worst, plan_env_judge(e, c, p, 3, 100 + i));
        if (getenv("SHOW"))
            print_message("%-22s %u kernels, %.3f of the bound\n", cases[i].name, p->kernel.n, worst);
    }
}

static void interpreted(void **state)
{
    (void)state;
    struct plan_env e;
    plan_env_open(&e);
    judge_all(&e);
    plan_env_close(&e);
}

static void packed(void **state)
{
    (void)state;
    struct plan_env e;
    plan_env_open(&e);
    e.pack = true;
    judge_all(&e);
    plan_env_close(&e);
}

static void without_masks(void **state)
{
    (void)state;
    struct plan_env e;
    plan_env_open(&e);
    e.m.masks = false;
    e.m.vector_bits = 128;
    e.m.nvreg = 16;
    judge_all(&e);
    plan_env_close(&e);
}

/* The same without a compiler: tapes, for each width of vectors. */
static void taped(void **state)
{
    (void)state;
    struct plan_env e;
    for (u32 k = 0; k < 4; k++) {
        plan_env_open(&e);
        e.o.code = CODE_GENERIC;
        e.pack = k & 1;
        e.o.strict = k == 3;
        if (k) {
            e.m.masks = false;
            e.m.vector_bits = k == 1 ? 256 : 128;
            e.m.fma &= k == 1;
        }
        judge_all(&e);
        plan_env_close(&e);
    }
}

static void strict(void **state)
{
    (void)state;
    struct plan_env e;
    plan_env_open(&e);
    e.o.strict = true;
    judge_all(&e);
    plan_env_close(&e);
}

static void compiled(void **state)
{
    (void)state;
    struct plan_env e;
    plan_env_open(&e);
    if (plan_env_native(&e)) {
        judge_all(&e);
        e.pack = true;
        judge_all(&e);
    }
    plan_env_close(&e);
}

/* Random equations */

struct gen { struct plan_env *e; struct cascade *c; u64 s; struct ein_rank rank[8]; u32 nrank, npar, nin, nparam; };

static u32 roll(struct gen *g, u32 n)
{
    g->s = g->s * 6364136223846793005u + 1442695040888963407u;
    return (u32)(g->s >> 33) % n;
}

/* A read whose tensor is made to fit its subscripts, or, with a pad, not quite. */
static ein_node some_read(struct gen *g)
{
    struct cascade *c = g->c;
    u32 ndim = 1 + roll(g, 3);
    ein_node sub[8], pad = 0;
    ein_ext dim[8];
    bool batched = roll(g, 4) != 0, padded = roll(g, 3) == 0;
    u32 n = 0;
    if (batched) {
        sub[n] = ein_rank(c, 0);
        dim[n++] = -1;
    }
    for (u32 d = 0; d < ndim; d++) {
        ein_node x = ein_rank(c, 1 + roll(g, g->nrank - 1));
        switch (roll(g, 8)) {
        case 0: x = ein_iadd(c, ein_imul(c, x, 2), ein_rank(c, 1 + roll(g, g->nrank - 1))); break;
        case 1: x = ein_iadd(c, x, ein_rank(c, 1 + roll(g, g->nrank - 1))); break;
        case 2: x = ein_imul(c, x, -1); break;
        case 3: x = ein_idiv(c, ein_iadd(c, x, ein_int(c, 1)), 2 + roll(g, 4)); break;
        case 4: x = ein_imod(c, ein_iadd(c, x, ein_rank(c, 1 + roll(g, g->nrank - 1))), 2 + roll(g, 5)); break;
        default: break;
        }
        i64 lo, hi;
        assert_true(ein_range(c, x, g->nrank, g->rank, &lo, &hi));
        i64 cut = padded ? roll(g, 3) : 0;
        x = ein_iadd(c, x, ein_int(c, -lo - cut));
        i64 ext = hi - lo + 1 - (padded ? roll(g, 4) : 0);
        dim[n] = ext < 1 ? 1 : ext;
        sub[n++] = x;
    }
    if (padded)
        pad = ein_num(c, roll(g, 2) ? 0 : 0.5);
    struct ein_tens t = { .role = batched ? EIN_IN : EIN_PARAM, .dtype = DT_F32, .phase = batched ? EIN_PHASE_RUN : EIN_PHASE_LOAD, .ndim = n, .dim = dim };
    if (!batched) {
        t.init = INIT_UNIFORM;
        t.init_arg[0] = -1;
        t.init_arg[1] = 1;
        t.number = g->nparam++;
    } else {
        g->nin++;
    }
    u32 k = cascade_tens(c, t);
    return ein_read(c, k, n, sub, pad);
}

static ein_node some_point(struct gen *g, u32 depth)
{
    struct cascade *c = g->c;
    if (!depth || (g->nin > 3 && depth < 2))
        return roll(g, 6) ? some_read(g) : ein_num(c, 0.25 * roll(g, 9) - 1);
    ein_node a = some_point(g, depth - 1);
    switch (roll(g, 9)) {
    case 0: return ein_op2(c, EIN_ADD, a, some_point(g, depth - 1));
    case 1: return ein_op2(c, EIN_MAX, a, some_point(g, depth - 1));
    case 2: return ein_op1(c, EIN_TANH, a);
    case 3: {
        ein_node x = ein_rank(c, 1 + roll(g, g->nrank - 1)), y = ein_iadd(c, ein_rank(c, 1 + roll(g, g->nrank - 1)), ein_int(c, roll(g, 3)));
        return ein_select(c, ein_op2(c, roll(g, 2) ? EIN_LT : EIN_NE, x, y), a, some_point(g, depth - 1));
    }
    case 4: return ein_op2(c, EIN_SUB, a, ein_op1(c, EIN_OF_INT, ein_rank(c, 1 + roll(g, g->nrank - 1))));
    default: return ein_op2(c, EIN_MUL, a, some_point(g, depth - 1));
    }
}

static struct cascade *some_cascade(struct gen *g)
{
    static const i64 extents[] = { 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 33 };
    struct cascade *c = g->c = cascade_new(g->e->a, g->e->sp, "random");
    g->nin = g->nparam = 0;
    g->npar = 2 + roll(g, 3);
    g->nrank = g->npar + roll(g, 4);
    i64 points = 1;
    ein_ext dim[8];
    ein_node lhs[8];
    for (u32 r = 0; r < g->nrank; r++) {
        i64 ext = r ? extents[roll(g, points > 2000 ? 3 : points > 300 ? 6 : COUNTOF(extents))] : -1;
        points *= r ? ext : 1;
        g->rank[r] = (struct ein_rank){ str_fmt(g->e->sp, "k%u", r), ext, r < g->npar ? EIN_PAR : EIN_RED };
    }
    bool red = g->nrank > g->npar;
    ein_node body = red && roll(g, 2) ? ein_op2(c, EIN_MUL, some_read(g), some_read(g)) : some_point(g, 2), post = 0, guard = 0;
    if (roll(g, 4) == 0)
        guard = ein_op2(c, EIN_LE, ein_rank(c, g->nrank - 1), ein_iadd(c, ein_rank(c, 1), ein_int(c, roll(g, 4))));
    static const u8 how[] = { RED_ADD, RED_ADD, RED_ADD, RED_ADD, RED_MAX, RED_MIN, RED_ARGMAX };
    u8 kind = red ? how[roll(g, COUNTOF(how))] : RED_NONE;
    if (red && kind != RED_ARGMAX && roll(g, 2)) {
        u32 nrank = g->nrank;
        g->nrank = g->npar;
        post = ein_op2(c, EIN_ADD, ein_op2(c, EIN_MUL, ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL), ein_num(c, 0.5)), some_read(g));
        g->nrank = nrank;
    }
    u32 order[8];
    for (u32 i = 0; i < g->npar; i++)
        order[i] = i;
    for (u32 i = g->npar - 1; i > 1 && roll(g, 3) == 0; i--) {      /* left sides in another order than the ranks */
        u32 j = 1 + roll(g, i), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (u32 i = 0; i < g->npar; i++) {
        lhs[i] = ein_rank(c, order[i]);
        dim[i] = g->rank[order[i]].ext;
    }
    u32 y = cascade_tens(c, (struct ein_tens){ .name = str_c(g->e->sp, "y"), .role = EIN_OUT, .dtype = kind == RED_ARGMAX ? DT_I32 : DT_F32, .phase = EIN_PHASE_RUN, .ndim = g->npar, .dim = dim });
    struct ein_eq eq = { .nout = 1, .out = &y, .nsub = g->npar, .sub = lhs, .nrank = g->nrank, .rank = g->rank, .red = kind, .acc = DT_F32, .nbody = 1,
                         .body = &body, .guard = guard, .post = post, .phase = EIN_PHASE_RUN, .as_written = roll(g, 6) == 0 };
    cascade_eq(c, eq);
    return c;
}

static void random_ones(bool native, u8 code)
{
    u32 n = getenv("N") ? (u32)atoi(getenv("N")) : native ? 60 : 150, first = getenv("FIRST") ? (u32)atoi(getenv("FIRST")) : 0;
    for (u32 i = first; i < first + n; i++) {
        struct plan_env e;
        plan_env_open(&e);
        e.o.code = code;
        if (i % 5 == 4) {
            e.m.masks = false;
            e.m.vector_bits = 256;
            e.m.nvreg = 16;
        }
        if (!native || plan_env_native(&e)) {
            struct gen g = { .e = &e, .s = 0x1234567u + i * 7919u };
            struct cascade *c = some_cascade(&g);
            e.pack = i % 2;
            if (getenv("SHOW"))
                print_message("random %u\n", i);
            plan_env_judge(&e, c, plan_env_plan(&e, c), 1 + i % 3, i);
        }
        plan_env_close(&e);
    }
}

static void random_interpreted(void **state)
{
    (void)state;
    random_ones(false, CODE_SPECIAL);
}

static void random_taped(void **state)
{
    (void)state;
    random_ones(false, CODE_GENERIC);
}

static void random_compiled(void **state)
{
    (void)state;
    random_ones(true, CODE_SPECIAL);
}

/* The schedule of the common shapes: lanes, fused multiply-adds in a tile, no lane stored apart. */
static u32 count_ops(const struct loop_region *r, u8 op, u16 lanes, const struct loop_fn *f)
{
    u32 n = 0;
    for (u32 i = 0; r && i < r->stmt.n; i++) {
        const struct loop_stmt *s = &r->stmt.at[i];
        n += s->kind == LS_OP && s->op == op && (!lanes || f->val.at[s->res].lanes == lanes);
        n += count_ops(s->body, op, lanes, f) + count_ops(s->other, op, lanes, f);
    }
    return n;
}

static void schedules(void **state)
{
    (void)state;
    static const struct { const char *name; u32 fma; } want[] = { { "conv3x3", 24 }, { "conv-small-image", 8 }, { "conv1x1", 8 }, { "tokens", 8 } };
    struct plan_env e;
    plan_env_open(&e);
    e.m.vector_bits = 512;
    e.m.nvreg = 32;
    e.m.masks = e.m.fma = true;
    e.pack = true;
    for (u32 k = 0; k < COUNTOF(want); k++)
        for (u32 i = 0; i < COUNTOF(cases); i++) {
            if (strcmp(cases[i].name, want[k].name))
                continue;
            struct plan *p = plan_env_plan(&e, plan_env_read(&e, cases[i].text));
            const struct loop_fn *f = p->kernel.at[p->run.at[0].kernel].fn;
            if (count_ops(&f->body, LO_FMA, 16, f) < want[k].fma || count_ops(&f->body, LO_LANE, 0, f))
                plan_env_fail(&e, want[k].name, NULL, p);
        }
    plan_env_close(&e);
}

/* Loops that carry sums (kind FOR), or loads. */
static u32 count_kind(const struct loop_region *r, u8 kind)
{
    u32 n = 0;
    for (u32 i = 0; r && i < r->stmt.n; i++) {
        const struct loop_stmt *s = &r->stmt.at[i];
        n += s->kind == kind && (kind != LS_FOR || s->ncarry);
        n += count_kind(s->body, kind) + count_kind(s->other, kind);
    }
    return n;
}

/* Products with two small constant matrices are straight-line code, each element loaded once. */
static void multiplied_out(void **state)
{
    (void)state;
    static const struct { const char *name; u32 sums, loads; } want[] = { { "matrices", 0, 2 * 9 }, { "matrices-by-remainder", 0, 0 }, { "no-matrices", 1, 0 } };
    struct plan_env e;
    plan_env_open(&e);
    e.m.vector_bits = 512;
    e.m.nvreg = 32;
    e.m.masks = e.m.fma = true;
    for (u32 k = 0; k < COUNTOF(want); k++)
        for (u32 i = 0; i < COUNTOF(cases); i++) {
            if (strcmp(cases[i].name, want[k].name))
                continue;
            struct plan *p = plan_env_plan(&e, plan_env_read(&e, cases[i].text));
            const struct loop_fn *f = p->kernel.at[p->run.at[0].kernel].fn;
            u32 loads = count_kind(&f->body, LS_LOAD);
            if ((count_kind(&f->body, LS_FOR) > 0) != want[k].sums || (want[k].loads && loads > want[k].loads))
                plan_env_fail(&e, want[k].name, NULL, p);
        }
    plan_env_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules), cmocka_unit_test(multiplied_out), cmocka_unit_test(interpreted), cmocka_unit_test(packed), cmocka_unit_test(without_masks), cmocka_unit_test(strict), cmocka_unit_test(taped), cmocka_unit_test(random_taped), cmocka_unit_test(compiled),
        cmocka_unit_test(random_interpreted), cmocka_unit_test(random_compiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
