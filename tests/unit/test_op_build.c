/* Op rows from text: every construct of a body, as rows; facts; what is complained of. */
#include "tests/unit/op_world.h"

/* The dump of the op of that name; lines that begin with two spaces are compared. */
static void check_dump(const char *source, const char *name, const char *want)
{
    struct op_world w;
    world_open(&w, source);
    if (w.ds.all.n)
        fail_msg("%s", world_diags(&w));
    buf_clear(&w.text);
    op_dump(&w.text, world_op(&w, name));
    assert_string_equal(w.text.at, want);
    world_close(&w);
}

static void maps(void **state)
{
    (void)state;
    check_dump("op linear[D, BIAS](x: [.., K]) -> y: [.., D] {\n"
               "    param w: [D, K] ~ kaiming_uniform(K)\n"
               "    z[.., d] += x[.., k] * w[d, k]\n"
               "    if BIAS == 1 {\n"
               "        param b: [D] ~ uniform(-1/sqrt(K), 1/sqrt(K))\n"
               "        y[.., d] = z[.., d] + b[d]\n"
               "    } else { y[.., d] = z[.., d] }\n"
               "}\n", "linear",
               "(op linear 0\n"
               "  (attrs D BIAS)\n"
               "  (in x T0 (run) (bind K))\n"
               "  (out y T0 (run) D)\n"
               "  (param w T0 D K (init kaiming_uniform K))\n"
               "  (param b T0 D (init uniform (div -1 (sqrt K)) (div 1 (sqrt K))) (if (eq BIAS 1)))\n"
               "  (temp z T0 (run) D (batched))\n"
               "  (index d D)\n"
               "  (index k K)\n"
               "  (eq (left z .. d) += (mul (read x .. k) (read w d k)) (over k))\n"
               "  (eq (left y .. d) = (add (read z .. d) (read b d)) (if (eq BIAS 1)))\n"
               "  (eq (left y .. d) = (read z .. d) (if (not (eq BIAS 1))))\n"
               "  (facts))\n");
}

static void folds_and_pads(void **state)
{
    (void)state;
    check_dump("op im2col[K, S, P](x: [C, H, W]) -> y: [(OH OW), (C K K)]\n"
               "    where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1\n"
               "{ y[(oh ow), (c i j)] = pad(x[c, oh*S + i - P, ow*S + j - P], 0) }\n", "im2col",
               "(op im2col 0\n"
               "  (attrs K S P)\n"
               "  (size OH (add (floor (div (sub (add H (mul 2 P)) K) S)) 1))\n"
               "  (size OW (add (floor (div (sub (add W (mul 2 P)) K) S)) 1))\n"
               "  (where (ge OH 1))\n"
               "  (in x T0 (bind C) (bind H) (bind W))\n"
               "  (out y T0 (fold OH OW) (fold C K K))\n"
               "  (index oh OH)\n"
               "  (index ow OW)\n"
               "  (index c C)\n"
               "  (index i K)\n"
               "  (index j K)\n"
               "  (eq (left y (fold oh ow) (fold c i j)) = (pad x c (sub (add (mul oh S) i) P) (sub (add (mul ow S) j) P) (else 0)))\n"
               "  (facts data_movement))\n");
}

static void recurrences(void **state)
{
    (void)state;
    check_dump("op lstm[D](x: [T, K]) -> y: [T, D] {\n"
               "    param wx: [2, D, K] ~ zeros\n"
               "    param wh: [2, D, D] ~ zeros\n"
               "    rank t: iter T\n"
               "    init h[0, d] = 0\n"
               "    init c[0, d] = 0\n"
               "    gx[t, g, d] += x[t, k] * wx[g, d, k]\n"
               "    gh[t, g, d] += h[t, e] * wh[g, d, e]\n"
               "    c[t+1, d] = c[t, d] + tanh(gx[t, 0, d] + gh[t, 0, d])\n"
               "    y[t, d] = h[t+1, d]\n"
               "    h[t+1, d] = sigmoid(gx[t, 1, d] + gh[t, 1, d]) * c[t+1, d]\n"
               "}\n", "lstm",
               "(op lstm 0\n"
               "  (attrs D)\n"
               "  (in x T0 (bind T) (bind K))\n"
               "  (out y T0 T D)\n"
               "  (param wx T0 2 D K (init zeros))\n"
               "  (param wh T0 2 D D (init zeros))\n"
               "  (temp h T0 T D (iter 0) (batched))\n"
               "  (temp c T0 T D (iter 0) (batched))\n"
               "  (temp gx T0 T 2 D (batched))\n"
               "  (temp gh T0 T 2 D (batched))\n"
               "  (iter t T)\n"
               "  (index d D)\n"
               "  (index g 2)\n"
               "  (index k K)\n"
               "  (index e D)\n"
               "  (init (left h 0 d) = 0)\n"
               "  (init (left c 0 d) = 0)\n"
               "  (eq (left gx t g d) += (mul (read x t k) (read wx g d k)) (over k))\n"
               "  (eq (left gh t g d) += (mul (read h t e) (read wh g d e)) (over e) (scan 1 t))\n"
               "  (eq (left c (add t 1) d) = (add (read c t d) (tanh (add (read gx t 0 d) (read gh t 0 d)))) (scan 1 t))\n"
               "  (eq (left h (add t 1) d) = (mul (sigmoid (add (read gx t 1 d) (read gh t 1 d))) (read c (add t 1) d)) (scan 1 t))\n"
               "  (eq (left y t d) = (read h (add t 1) d))\n"
               "  (facts))\n");
}

/* One scan where everything between recurrences goes by rounds, two where the second needs all of the first. */
static void scans(void **state)
{
    struct op_world w;
    (void)state;
    world_open(&w,
        "op attn1(Q: [E, P], K: [E, M], V: [F, M]) -> AV: [F, P] where M % 64 == 0 {\n"
        "    rank m0: 64\n"
        "    rank m1: iter M / 64\n"
        "    init RM[0, p] = -inf\n"
        "    init RD[0, p] = 0\n"
        "    init RNV[f, 0, p] = 0\n"
        "    QK[m1, m0, p] += Q[e, p] * K[e, 64*m1 + m0]\n"
        "    LM[m1, p] max= QK[m1, m0, p]\n"
        "    RM[m1+1, p] = max(RM[m1, p], LM[m1, p])\n"
        "    SL[m1, m0, p] = exp(QK[m1, m0, p] - RM[m1+1, p])\n"
        "    LD[m1, p] += SL[m1, m0, p]\n"
        "    LNV[f, m1, p] += SL[m1, m0, p] * V[f, 64*m1 + m0]\n"
        "    C[m1, p] = exp(RM[m1, p] - RM[m1+1, p])\n"
        "    RD[m1+1, p] = LD[m1, p] + RD[m1, p] * C[m1, p]\n"
        "    RNV[f, m1+1, p] = LNV[f, m1, p] + RNV[f, m1, p] * C[m1, p]\n"
        "    AV[f, p] = RNV[f, last(m1), p] / RD[last(m1), p]\n"
        "}\n"
        "op twice(x: [T]) -> y: [T] {\n"
        "    rank t: iter T\n"
        "    init a[0] = 0\n"
        "    init b[0] = 0\n"
        "    a[t+1] = a[t] + x[t]\n"
        "    b[t+1] = b[t] + a[T - t]\n"
        "    y[t] = b[t+1]\n"
        "}\n");
    const struct op *op = world_op(&w, "attn1");
    assert_int_equal(w.ds.all.n, 0);
    u32 inside = 0;
    for (u32 i = 0; i < op->eq.n; i++) {
        const char *lhs = op->tensor.at[op->eq.at[i].lhs].name;
        bool out = op->eq.at[i].init || !strcmp(lhs, "QK") || !strcmp(lhs, "LM") || !strcmp(lhs, "AV");
        assert_int_equal(op->eq.at[i].scan, out ? 0 : 1);
        inside += op->eq.at[i].scan;
    }
    assert_int_equal(inside, 7);
    assert_string_equal(world_infer(&w, "attn1 [8, 5] [8, 128] [4, 128]"), "[4, 5]");
    op = world_op(&w, "twice");
    assert_int_equal(op->eq.at[2].scan, 1);
    assert_int_equal(op->eq.at[3].scan, 2);
    assert_int_equal(op->eq.at[4].scan, 0);
    world_close(&w);
}

static void absence(void **state)
{
    (void)state;
    check_dump("op causal(q: [P, E], k: [M, E]) -> y: [P] where P == M {\n"
               "    qk[p, m] += q[p, e] * k[m, e] where m <= p\n"
               "    mx[p] max= qk[p, m]\n"
               "    ex[p, m] = exp(qk[p, m] - mx[p])\n"
               "    z[p] += ex[p, m]\n"
               "    n[p] += ex[p, m] * m\n"
               "    y[p] = n[p] / z[p]\n"
               "}\n", "causal",
               "(op causal 0\n"
               "  (where (eq P M))\n"
               "  (in q T0 (bind P) (bind E))\n"
               "  (in k T0 (bind M) E)\n"
               "  (out y T0 P)\n"
               "  (temp qk T0 P M (batched) (absent))\n"
               "  (temp mx T0 P (batched))\n"
               "  (temp ex T0 P M (batched) (absent))\n"
               "  (temp z T0 P (batched))\n"
               "  (temp n T0 P (batched))\n"
               "  (index p P)\n"
               "  (index m M)\n"
               "  (index e E)\n"
               "  (eq (left qk p m) += (mul (read q p e) (read k m e)) (over e) (where (le m p)))\n"
               "  (eq (left mx p) max= (read qk p m) (over m) (where (le m p)))\n"
               "  (eq (left ex p m) = (exp (sub (read qk p m) (read mx p))) (where (le m p)))\n"
               "  (eq (left z p) += (read ex p m) (over m) (where (le m p)))\n"
               "  (eq (left n p) += (mul (read ex p m) m) (over m) (where (le m p)))\n"
               "  (eq (left y p) = (div (read n p) (read z p)) (empty-zero))\n"
               "  (facts))\n");
    /* Subscripts are put in for indices; a filter of what is reduced does not make the sum absent;
     * a select decides which operand must be there. */
    check_dump("op band(x: [N, N]) -> y: [N] {\n"
               "    b[i, j] = x[i, j] where j <= i\n"
               "    s[i] += b[N - 1 - i, k] where k >= 1\n"
               "    y[i] = s[i] + select(i >= 1, b[i, 0], 0)\n"
               "}\n", "band",
               "(op band 0\n"
               "  (in x T0 (bind N) N)\n"
               "  (out y T0 N (absent))\n"
               "  (temp b T0 N N (batched) (absent))\n"
               "  (temp s T0 N (batched))\n"
               "  (index i N)\n"
               "  (index j N)\n"
               "  (index k N)\n"
               "  (eq (left b i j) = (read x i j) (where (le j i)))\n"
               "  (eq (left s i) += (read b (sub (sub N 1) i) k) (over k) (where (and (ge k 1) (le k (sub (sub N 1) i)))))\n"
               "  (eq (left y i) = (add (read s i) (select (ge i 1) (read b i 0) 0)) (where (or (not (ge i 1)) (le 0 i))))\n"
               "  (facts))\n");
}

static void batch(void **state)
{
    (void)state;
    check_dump("op norm[EPS](x: [C, ..]) -> y: [C, ..] {\n"
               "    state rm: [C] ~ zeros\n"
               "    if training {\n"
               "        let N = extent(batch) * extent(..)\n"
               "        s[c] += x[batch, c, ..]\n"
               "        m[c] = s[c] / N\n"
               "        next rm[c] = m[c]\n"
               "    } else { m[c] = rm[c] }\n"
               "    y[c, ..] = x[c, ..] - m[c] + EPS\n"
               "}\n", "norm",
               "(op norm 0\n"
               "  (attrs EPS)\n"
               "  (in x T0 (bind C) (run))\n"
               "  (out y T0 C (run))\n"
               "  (state rm T0 C (init zeros))\n"
               "  (temp s T0 C (if training))\n"
               "  (temp m T0 C (if (or training (not training))))\n"
               "  (index c C)\n"
               "  (eq (left s c) += (read x batch c ..) (over batch ..) (if training))\n"
               "  (eq (left m c) = (div (read s c) (mul (extent batch) (extent ..))) (if training))\n"
               "  (next (left rm c) = (read m c) (if training))\n"
               "  (eq (left m c) = (read rm c) (if (not training)))\n"
               "  (eq (left y c ..) = (add (sub (read x c ..) (read m c)) EPS))\n"
               "  (facts))\n");
}

static void monoids_and_tables(void **state)
{
    (void)state;
    check_dump("monoid welford(n, mean, m2) {\n"
               "    zero (0, 0, 0)\n"
               "    lift (x) (1, x, 0)\n"
               "    merge (a, b) { let d = b.mean - a.mean;  let n = a.n + b.n\n"
               "                   (n, a.mean + d * b.n / n, a.m2 + b.m2 + d * d * a.n * b.n / n) }\n"
               "}\n"
               "op variance(x: [T, D]) -> y: [T] { w[t] welford= x[t, d];  y[t] = w.m2[t] / w.n[t] + w.mean[t] }\n", "variance",
               "(op variance 0\n"
               "  (in x T0 (bind T) (bind D))\n"
               "  (out y T0 T)\n"
               "  (temp w.n T0 T (batched))\n"
               "  (temp w.mean T0 T (batched))\n"
               "  (temp w.m2 T0 T (batched))\n"
               "  (index t T)\n"
               "  (index d D)\n"
               "  (monoid welford n mean m2 (zero 0 0 0) (lift 1 (arg 0) 0) (merge (add (arg 0) (arg 3))"
               " (add (arg 1) (div (mul (sub (arg 4) (arg 1)) (arg 3)) (add (arg 0) (arg 3))))"
               " (add (add (arg 2) (arg 5)) (div (mul (mul (mul (sub (arg 4) (arg 1)) (sub (arg 4) (arg 1))) (arg 0)) (arg 3)) (add (arg 0) (arg 3))))))\n"
               "  (eq (left w.n t) welford (read x t d) (over d))\n"
               "  (eq (left y t) = (add (div (read w.m2 t) (read w.n t)) (read w.mean t)))\n"
               "  (facts))\n");
    check_dump("op haar(x: [C, W]) -> y: [2, C, W/2] {\n"
               "    const s: [2, 2] = [[1, 1], [1, -1/2]]\n"
               "    const r[a, i] = 1 - 2*a*i\n"
               "    y[a, c, h] += x[c, 2*h + i] * s[a, i] * r[a, i]\n"
               "}\n", "haar",
               "(op haar 0\n"
               "  (in x T0 (bind C) (bind W))\n"
               "  (out y T0 2 C (div W 2))\n"
               "  (const s T0 2 2 (table 1 1 1 (div -1 2)))\n"
               "  (const r T0 2 2 (rule a i (sub 1 (mul (mul 2 a) i))))\n"
               "  (index a 2)\n"
               "  (index i 2)\n"
               "  (index c C)\n"
               "  (index h (div W 2))\n"
               "  (eq (left y a c h) += (mul (mul (read x c (add (mul 2 h) i)) (read s a i)) (read r a i)) (over i))\n"
               "  (facts))\n");
}

static void order(void **state)
{
    (void)state;
    /* Gathers, argmax, indices as values, several outputs; dtypes of intermediates. */
    check_dump("op route(x: [S, E], v: [S, D]) -> (y: [S, D], which: i32[S]) {\n"
               "    best[s] argmax= x[s, e]\n"
               "    which[s] = best[s]\n"
               "    c[s] = 2\n"
               "    y[s, d] = v[s, d] * sin(s / D) + c[s]\n"
               "}\n", "route",
               "(op route 0\n"
               "  (in x T0 (bind S) (bind E))\n"
               "  (in v T0 S (bind D))\n"
               "  (out y T0 S D)\n"
               "  (out which i32 S)\n"
               "  (temp best i32 S (batched))\n"
               "  (temp c T0 S)\n"
               "  (index s S)\n"
               "  (index e E)\n"
               "  (index d D)\n"
               "  (eq (left best s) argmax= (read x s e) (over e))\n"
               "  (eq (left which s) = (read best s))\n"
               "  (eq (left c s) = 2)\n"
               "  (eq (left y s d) = (add (mul (read v s d) (sin (div s D))) (read c s)))\n"
               "  (facts))\n");
}

struct fact_row { const char *body; bool moves; };

static void facts(void **state)
{
    static const struct fact_row row[] = {
        { "op f(x: [..]) -> y: [..] { y[..] = x[..] }", true },
        { "op f(x: [A, B]) -> y: [B, A] { y[b, a] = x[a, b] }", true },
        { "op f(x: [A, A]) -> y: [A, A] { y[b, a] = x[a, b] }", true },
        { "op f(x: [A]) -> y: [A] { y[a] = x[A - 1 - a] }", true },
        { "op f(x: [A]) -> y: [A] { y[a] = pad(x[a - 1], 0) }", true },
        { "op f(x: [A]) -> y: [A] { y[a] = pad(x[a - 1], 1) }", true },
        { "op f(x: [A]) -> y: [A] { t[a] = x[a];  y[a] = t[a] }", true },
        { "op f(a: [A], b: [B]) -> y: [A + B] { y[i] = a[i];  y[A + i] = b[i] }", true },
        { "op f(x: [..]) -> y: [..] { y[..] = 0 }", false },
        { "op f(x: [..]) -> y: [..] { y[..] = max(x[..], 0) }", false },
        { "op f(a: [..], b: [..]) -> y: [..] { y[..] = a[..] + b[..] }", false },
        { "op f(x: [C, ..]) -> y: [C, ..] { param b: [C] ~ zeros;  y[c, ..] = b[c] }", false },
        { "op f(x: [C]) -> y: [] { y max= x[c] }", false },
    };
    (void)state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct op_world w;
        world_open(&w, row[i].body);
        if (world_op(&w, "f")->fact.data_movement != row[i].moves)
            fail_msg("%s", row[i].body);
        world_close(&w);
    }
}

/* Fine, and easily taken for a mistake. */
static void accepted(void **state)
{
    static const char *const good[] = {
        "op f(a: [A, ..], b: [B, ..]) -> y: [A + B, ..] { y[i, ..] = a[i, ..];  y[A + i, ..] = b[i, ..] }",
        "op f(a: [C, ..], b: [D, ..]) -> y: [C + D, ..] { y[c, ..] = select(c < C, pad(a[c, ..], 0), pad(b[c - C, ..], 0)) }",
        "op f(x: [C]) -> y: [C] { y[c] = x[c];  }",
        "op f(x: [C], y0: [C]) -> y: [C] { t[c] = x[c] + y0[c];  y[c] = t[c] * t[c] }",
        "op f(x: [N]) -> y: [N] { n += x[i];  y[i] = x[i] / n }",
        "op f(x: [S, D]) -> y: [S] { y[s] += x[s, d] where d % 2 == 0 and not (s == 0 or d > s) }",
        "op f[B](x: [C]) -> y: [C] { if B == 0 { t[c] = x[c] } else if B == 1 { t[c] = 2 * x[c] } else { t[c] = 0 };  y[c] = t[c] }",
        "op f[B](x: [C]) -> y: [C] { if B == 1 { t[c] = x[c] };  if B == 1 { y[c] = t[c] } else { y[c] = x[c] } }",
        "op f[A, B](x: [C]) -> y: [C] { if A == 1 { if B == 1 { y[c] = 1 + x[c] } else { y[c] = 2 } } else { y[c] = 3 } }",
        "op f(x: T[C], n: i32[C]) -> (y: T[C], z: i32[C]) { y[c] = x[c];  z[c] = n[c] + 1 }",
        "op f(x: [(H W), D]) -> y: [D, H, W] { y[d, h, w] = x[(h w), d] }",
        "op f(x: [S, D]) -> y: [D, S/2, 2] { y[d, h, w] = x[(h w), d] }",
        "op f(x: [(H W), D]) -> y: [D] { y[d] = x[(0 0), d] }",
        "op f(x: [A, B]) -> y: [A, A] { y[a, b] += x[a, k] * x[b, k] }",
        "op f(x: [T]) -> y: [] { rank t: iter T;  init h[0] = 0;  h[t+1] = h[t] + x[t];  y = h[last(t)] }",
        "op f(x: [T, D]) -> y: [D] { rank t: iter T;  init h[0, d] = x[0, d];  h[t+1, d] = max(h[t, d], x[t, d]);  y[d] = h[T, d] }",
        "op f(w: [V, D], x: i32[S]) -> y: [S, D] { y[s, d] = w[x[s], d] }",
        "op f(w: [V, D], x: i32[S]) -> y: [S, D] { y[s, d] = w[x[s] * 2 + 1, d] }",
        "op f(x: [.., S, D]) -> y: [.., S, D] { y[.., s, d] = x[.., s, d] * extent(..) + rank(..) }",
        "op f(x: [C]) -> y: [C] where D = C/2, D >= 1, E = D + 1 { y[c] = x[c] * E }",
        "op f(x: [C]) -> y: [C] { let h = C / 2;  y[c] = x[c] * h }",
    };
    (void)state;
    for (u32 i = 0; i < COUNTOF(good); i++) {
        struct op_world w;
        world_open(&w, good[i]);
        if (w.ds.all.n)
            fail_msg("%s\n%s", good[i], world_diags(&w));
        world_close(&w);
    }
}

/* Sizes that are equal, or different, whatever they are bound to; and those that must be looked at. */
static void sizes(void **state)
{
    static const struct { const char *text; i32 agree; } row[] = {          /* -1: E0405 */
        { "op f(x: [C]) -> y: [2*H] where H = C/2 { y[c] = x[c] }", 0 },
        { "op f[A](x: [C]) -> y: [H] where G = C/A, H = G*A { y[c] = x[c] }", 0 },
        { "op f(x: [C, D]) -> y: [H, D] where H = (C + D)*(C - D) + D*D - C*C + C { y[c, d] = x[c, d] }", 0 },
        { "op f(x: [C]) -> y: [floor((C + 1)/2)] { t[c] = x[c];  rank d: floor((1 + C)/2);  y[d] = t[d] }", 1 },
        { "op f(x: [C]) -> y: [H] where H = C + 1 { y[c] = x[c] }", -1 },
        { "op f(x: [C, D]) -> y: [C + D, D] { y[c, d] = x[c, d] }", -1 },
        { "op f(x: [C, D]) -> y: [C - D, D] { y[c, d] = x[c, d] }", -1 },
        { "op f[A](x: [C]) -> y: [C + A] { y[c] = x[c] }", 1 },
        { "op f(x: [C, D]) -> y: [D, D] { y[c, d] = x[c, d] }", 1 },
        { "op f(x: [C]) -> y: [floor(C/2)*2] { y[c] = x[c] }", 1 },
    };
    (void)state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct op_world w;
        world_open(&w, row[i].text);
        if (row[i].agree < 0) {
            assert_int_equal(w.ds.nerrors, 1);
            assert_int_equal(w.ds.all.at[0]->code, E0405);
        } else {
            assert_int_equal(world_op(&w, "f")->agree.n, row[i].agree);
        }
        world_close(&w);
    }
}

static void warned(void **state)
{
    static const struct { const char *text; enum diag_code code; } row[] = {
        { "op f[A](x: [C]) -> y: [C] { y[c] = x[c] }", W0401 },
        { "op f(x: [C]) -> y: [C] { let h = C / 2;  y[c] = x[c] }", W0401 },
        { "op f(x: [C]) -> y: [C] { param w: [C] ~ zeros;  y[c] = x[c] }", W0402 },
        { "op f(x: [C]) -> y: [C] { t[c] = x[c] + 1;  y[c] = x[c] }", W0402 },
        { "op f(x: [C]) -> y: [C] { rank i: 3;  y[c] = x[c] }", W0403 },
    };
    (void)state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct op_world w;
        world_open(&w, row[i].text);
        assert_int_equal(w.ds.nerrors, 0);
        assert_int_equal(w.ds.all.n, 1);
        assert_int_equal(w.ds.all.at[0]->code, row[i].code);
        world_op(&w, "f");
        world_close(&w);
    }
}

/* Several mistakes of one op are found in one run. */
static void several(void **state)
{
    struct op_world w;
    (void)state;
    world_open(&w, "op f(x: [C, K]) -> y: [C, Q] {\n"
                   "    param w: [K] ~ kaming(K)\n"
                   "    a[c] = x[c, k]\n"
                   "    b[c] += z[c]\n"
                   "    y[c, k] = a[c] * w[k] + sigmod(b[c])\n"
                   "}\n"
                   "op g(x: [C]) -> y: [C] { y[c] = x[d] }\n");
    assert_int_equal(w.ds.nerrors, 6);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps), cmocka_unit_test(folds_and_pads), cmocka_unit_test(recurrences), cmocka_unit_test(scans),
        cmocka_unit_test(absence), cmocka_unit_test(batch), cmocka_unit_test(monoids_and_tables), cmocka_unit_test(order),
        cmocka_unit_test(facts), cmocka_unit_test(accepted), cmocka_unit_test(sizes), cmocka_unit_test(warned), cmocka_unit_test(several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
