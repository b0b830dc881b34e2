/* The type function of ops: patterns, memory of folds, where rows, ranges, regions, counts. */
#include "tests/unit/op_world.h"

struct row { const char *call, *is; };

static void check_rows(const char *source, const struct row *row, u32 n)
{
    struct op_world w;
    world_open(&w, source);
    if (w.ds.nerrors)
        fail_msg("%s", world_diags(&w));
    for (u32 i = 0; i < n; i++) {
        assert_string_equal(world_infer(&w, row[i].call), row[i].is);
        assert_string_equal(world_infer(&w, row[i].call), row[i].is);       /* from the memo */
    }
    world_close(&w);
}
#define ROWS(source, ...)                                               \
    do {                                                                \
        static const struct row row_[] = { __VA_ARGS__ };               \
        check_rows(source, row_, COUNTOF(row_));                        \
    } while (0)

static void patterns(void **state)
{
    (void)state;
    ROWS("op linear[D](x: [.., K]) -> y: [.., D] { param w: [D, K] ~ zeros;  y[.., d] += x[.., k] * w[d, k] }\n"
         "op dot(a: [.., S, D], b: [.., D, T]) -> y: [.., S, T] { y[.., s, t] += a[.., s, d] * b[.., d, t] }\n"
         "op half(x: [A, _]) -> y: [A/2] { rank i: A/2;  y[i] = x[2*i, 0] }\n"
         "op sum3(x: [A + B], a: [A], b: [B]) -> y: [A] { y[i] = x[i + B] + a[i] * b[0] }\n"
         "op grow[N](x: [S]) -> y: [N, S] where M = N * S, M <= 100 { rank m: M;  z[m] = m;  y[n, s] = x[s] + z[n*S + s] }\n",
         { "linear[8] [4]", "[8]" },
         { "linear[8] [2, 3, 4]", "[2, 3, 8]" },
         { "linear[8] []", "`linear`: `x` has 0 axes, the signature asks for 1" },
         { "linear[0] [4]", "`linear`: axis 1 of `y` is not positive" },
         { "linear[-3] [4]", "`linear`: axis 1 of `y` is not positive: -3" },
         { "linear[9/2] [4]", "`linear`: axis 1 of `y` is not a whole number" },
         { "linear[4] f16[4]", "f16[4]" },
         { "linear[4] i32[4]", "`linear`: `x` is i32, it must be floating point" },
         { "linear[4] [4] [4]", "`linear`: takes 1 input, given 2" },
         { "dot [2, 3] [3, 4]", "[2, 4]" },
         { "dot [5, 2, 3] [5, 3, 4]", "[5, 2, 4]" },
         { "dot [5, 2, 3] [6, 3, 4]", "`dot`: axis 0 of `b` is 6, it must be 5" },
         { "dot [5, 2, 3] [3, 4]", "`dot`: `..` of `b` stands for 0 axes, elsewhere for 1" },
         { "dot [2, 3] [4, 4]", "`dot`: axis 0 of `b` is 4, it must be 3" },
         { "dot [2, 3] f64[3, 4]", "`dot`: `b` is f64, it must be f32" },
         { "half [6, 9]", "[3]" },
         { "half [5, 9]", "`half`: axis 0 of `y` is not a whole number" },
         { "sum3 [5] [2] [3]", "[2]" },
         { "sum3 [6] [2] [3]", "`sum3`: axis 0 of `x` is 6, it must be 5" },
         { "grow[10] [10]", "[10, 10]" },
         { "grow[10] [11]", "`grow`: its condition `M <= 100` is false: 110 > 100" });
}

static void memory(void **state)
{
    (void)state;
    ROWS("op im2col[K, S, P](x: [C, H, W]) -> y: [(OH OW), (C K K)]\n"
         "    where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1, OW >= 1\n"
         "{ y[(oh ow), (c i j)] = pad(x[c, oh*S + i - P, ow*S + j - P], 0) }\n"
         "op col2im(x: [(H W), D]) -> y: [D, H, W] { y[d, h, w] = x[(h w), d] }\n"
         "op perm(x: [A, B]) -> y: [B, A] { y[b, a] = x[a, b] }\n"
         "op add(a: [..], b: [..]) -> y: [..] { y[..] = a[..] + b[..] }\n"
         "op cat(a: [A, ..], b: [B, ..]) -> y: [A + B, ..] { y[i, ..] = a[i, ..];  y[A + i, ..] = b[i, ..] }\n"
         "op same(a: [N], b: [N]) -> y: [N] { y[n] = a[n] - b[n] }\n"
         "op alias(a: [N]) -> y: [M] where M = N { y[m] = a[m] }\n"
         "op square(x: [(S S)]) -> y: [S] { y[s] += x[(s t)] }\n",
         { "im2col[3, 1, 1] [16, 32, 32]", "[(32 32), (16 3 3)]" },
         { "im2col[3, 2, 1] [16, 32, 32]", "[(16 16), (16 3 3)]" },
         { "im2col[5, 1, 0] [16, 4, 4]", "`im2col`: its condition `OH >= 1` is false: 0 < 1" },
         { "im2col[3, 0, 0] [16, 4, 4]", "`im2col`: size `OH` cannot be computed" },
         { "col2im [(16 8), 64]", "[64, 16, 8]" },
         { "col2im [128, 64]", "`col2im`: axis 0 of `x` remembers no factors, the pattern has 2" },
         { "col2im [(4 4 8), 64]", "`col2im`: axis 0 of `x` remembers 3 factors, the pattern has 2" },
         { "perm [(4 4), (2 2 2)]", "[(2 2 2), (4 4)]" },
         { "add [(4 4), 3] [(4 4), 3]", "[(4 4), 3]" },
         { "add [(4 4), 3] [(2 8), 3]", "[16, 3]" },
         { "add [(4 4), 3] [16, 3]", "[16, 3]" },
         { "cat [(2 2), (3 3)] [4, (3 3)]", "[8, (3 3)]" },
         { "same [(2 3)] [(2 3)]", "[(2 3)]" },
         { "same [(2 3)] [(3 2)]", "[6]" },
         { "same [(2 3)] [7]", "`same`: axis 0 of `b` is 7, it must be 6" },
         { "alias [(2 3)]", "[(2 3)]" },
         { "square [(3 3)]", "[3]" },
         { "square [(3 4)]", "`square`: axis 0 of `x` is 4, it must be 3" });
}

static void ranges(void **state)
{
    (void)state;
    ROWS("op cls(x: [S, D]) -> y: [S + 1, D] { param t: [D] ~ zeros;  y[s, d] = select(s == 0, t[d], pad(x[s - 1, d], 0)) }\n"
         "op cls_tight(x: [S, D]) -> y: [S + 1, D] { param t: [D] ~ zeros;  y[s, d] = select(s == 0, t[d], x[s - 1, d]) }\n"
         "op shift(x: [S]) -> y: [S] { y[s] = x[s - 1] }\n"
         "op shifted(x: [S]) -> y: [S] { y[s] = x[s + 1] where s + 1 < S;  y[s] = 0 where s == S - 1 }\n"
         "op window[K](x: [S]) -> y: [S - K + 1] { rank i: K;  y[s] += x[s + i] }\n"
         "op valid[K](x: [S]) -> y: [S] { rank i: K;  y[s] += x[s + i] where s + i < S }\n"
         "op groups[G](x: [C], w: [D, C/G]) -> y: [D] where CG = C/G { y[d] += x[floor(d*G/D)*CG + c] * w[d, c] }\n"
         "op wrap[N](x: [S]) -> y: [N] { y[n] = x[n % S] }\n"
         "op diagonal(x: [S, S]) -> y: [S, S] { y[i, j] += x[i - k, j] where k <= i;  rank k: S }\n"
         "op rev(x: [T]) -> y: [T] { y[t] = x[T - 1 - t] }\n"
         "op third(x: [T]) -> y: [T] { y[t] = x[floor(t/3)*2] }\n"
         "op fraction(x: [T]) -> y: [T] { y[t] = x[t + T/2 - T/2] }\n"
         "op half_off(x: [T]) -> y: [T] { y[t] = pad(x[t - T/2], 0) }\n"
         "op pick[I](x: [N, ..]) -> y: [..] { y[..] = x[I, ..] }\n"
         "op look(w: [V, D], x: i32[S]) -> y: [S, D] { y[s, d] = w[x[s], d] }\n"
         "op agree(a: [K], b: [M]) -> y: [] { y += a[k] * b[k] }\n",
         { "cls [4, 3]", "[5, 3]" },
         { "cls_tight [4, 3]", "[5, 3]" },
         { "shift [4]", "`shift`: a subscript of axis 0 of `x` (extent 4) goes out of range: it reaches -1" },
         { "shifted [4]", "[4]" },
         { "shifted [1]", "[1]" },
         { "shifted [1000000]", "[1000000]" },          /* too many points to try: proved */
         { "cls_tight [1000000, 3]", "[1000001, 3]" },
         { "window[3] [5]", "[3]" },
         { "window[6] [5]", "`window`: axis 0 of `y` is not positive" },
         { "valid[9] [5]", "[5]" },
         { "groups[2] [8] [6, 4]", "[6]" },
         { "groups[3] [8] [6, 4]", "`groups`: axis 1 of `w` is not a whole number" },
         { "wrap[9] [4]", "[9]" },
         { "diagonal [4, 4]", "[4, 4]" },
         { "rev [7]", "[7]" },
         { "third [7]", "[7]" },
         { "fraction [7]", "[7]" },
         { "half_off [6]", "[6]" },
         { "pick[2] [3, 5]", "[5]" },
         { "pick[3] [3, 5]", "`pick`: a subscript of axis 0 of `x` (extent 3) goes out of range: it reaches 3" },
         { "pick[-1] [3, 5]", "`pick`: a subscript of axis 0 of `x` (extent 3) goes out of range: it reaches -1" },
         { "look [10, 4] i32[7]", "[7, 4]" },
         { "look [10, 4] [7]", "`look`: `x` is f32, it must be i32" },
         { "agree [4] [4]", "[]" },
         { "agree [4] [5]", "`agree`: index `k` ranges over K = 4 here and over M = 5 there" });
}

static void regions(void **state)
{
    (void)state;
    ROWS("op halves[A](x: [N]) -> y: [N] { rank i: A;  rank j: N - A;  y[i] = x[i];  y[A + j] = x[A + j] + 1 }\n"
         "op overlap[A](x: [N]) -> y: [N] { rank i: A + 1;  rank j: N - A;  y[i] = x[i];  y[A + j] = x[A + j] + 1 }\n"
         "op gap[A](x: [N]) -> y: [N] { rank i: A;  rank j: N - A - 1;  y[i] = x[i];  y[A + 1 + j] = x[j] }\n"
         "op evens(x: [N]) -> y: [2*N] { y[2*i] = x[i];  y[2*i + 1] = x[i] }\n"
         "op blocks[M](x: [N]) -> y: [M, M] where M * M == N { rank i, j: M;  y[i, j] = x[i*M + j] }\n"
         "op radix[M](x: [M, N]) -> y: [M*N] { y[m*N + n] = x[m, n] }\n"
         "op broken[M](x: [M, N]) -> y: [M*N] { y[m*M + n] = x[m, n] }\n"
         "op joined(a: [T, D], b: [T, D]) -> y: [T, 2*D] { y[t, j*D + d] = select(j == 0, a[t, d], b[t, d]) }\n"
         "op narrow[D](x: [C]) -> y: [D] { rank d: D;  y[d] = x[d] }\n"
         "op twice(x: [N]) -> y: [N] { rank i: N;  y[i - i] = x[i] }\n",
         { "halves[2] [5]", "[5]" },
         { "halves[5] [5]", "[5]" },
         { "halves[6] [5]", "`halves`: the range of index `j` is negative: -1" },
         { "overlap[2] [5]", "`overlap`: the equations of `y` write a point twice" },
         { "gap[2] [5]", "`gap`: the equations of `y` leave points unwritten" },
         { "evens [5]", "[10]" },
         { "blocks[3] [9]", "[3, 3]" },
         { "radix[3] [3, 4]", "[12]" },
         { "broken[3] [3, 3]", "[9]" },
         { "broken[3] [3, 4]", "`broken`: the equations of `y` write a point twice" },
         { "joined [4, 5] [4, 5]", "[4, 10]" },
         { "narrow[3] [5]", "[3]" },
         { "narrow[6] [5]", "`narrow`: a subscript of axis 0 of `x` (extent 5) goes out of range: it reaches 5" },
         { "twice [3]", "`twice`: the equations of `y` write a point twice" });
}

static void big_regions(void **state)
{
    (void)state;
    /* Strided regions of a large tensor: only the strided axis is looked at point by point. */
    ROWS("op rope(x: [.., S, D]) -> y: [.., S, D] { rank d: D/2;  y[.., s, 2*d] = x[.., s, 2*d];  y[.., s, 2*d + 1] = x[.., s, 2*d] }\n",
         { "rope [64, 4096, 1024]", "[64, 4096, 1024]" });
    /* Absent points of intermediates, and conditions that are opposite, need no looking at points. */
    ROWS("op causal(x: [P, M]) -> y: [P] { e[p, m] = exp(x[p, m]) where m <= p;  y[p] += e[p, m] }\n"
         "op tril(x: [P, M]) -> y: [P, M] { y[p, m] = x[p, m] where m <= p;  y[p, m] = 0 where m > p }\n"
         "op wrong(x: [P, M]) -> y: [P, M] { y[p, m] = x[p, m] where m <= p;  y[p, m] = 0 where m >= p }\n"
         "op mirrored(x: [N]) -> y: [N, N] { y[p, m] = x[p] where m <= p;  y[m, p] = x[m] where m > p }\n"
         "op turned(x: [P, M]) -> y: [P, M] { y[p, m] = x[p, m] where m <= p;  y[p, m] = 0 where p < m }\n",
         { "mirrored [10]", "`mirrored`: the equations of `y` write a point twice" },
         { "causal [100000, 100000]", "[100000]" },
         { "tril [100000, 100000]", "[100000, 100000]" },
         { "turned [100000, 100000]", "[100000, 100000]" },
         { "wrong [10, 10]", "`wrong`: the equations of `y` write a point twice" },
         { "wrong [100000, 100000]", "`wrong`: the equations of `y` write regions too large to compare" });
}

static void overflow(void **state)
{
    (void)state;
    ROWS("op outer(a: [A], b: [B]) -> y: [A, B] { y[i, j] = a[i] * b[j] }\n"
         "op inside(a: [A], b: [B]) -> y: [] { z[i, j] = a[i] * b[j];  y += z[i, j] }\n"
         "op power[N](a: [A]) -> y: [pow(A, N)] { y[i] = 0 }\n",
         { "outer [1000000] [1000000]", "[1000000, 1000000]" },
         { "outer [1000000000] [1000000000]", "`outer`: axis 0 of `y` is too large" },
         { "inside [1000000000] [1000000000]", "`inside`: axis 1 of `z` is too large" },
         { "power[30] [10]", "`power`: axis 0 of `y` cannot be computed" });
}

static void guards(void **state)
{
    struct op_world w;
    (void)state;
    world_open(&w, "op f[B](x: [N, D]) -> y: [N, D] {\n"
                   "    if B == 1 { param b: [D/2] ~ zeros;  y[n, d] = x[n, d] + b[0] } else { y[n, d] = x[n, d] }\n"
                   "}\n");
    assert_string_equal(world_infer(&w, "f[1] [3, 4]"), "[3, 4]");
    assert_string_equal(world_infer(&w, "f[1] [3, 5]"), "`f`: axis 0 of `b` is not a whole number");
    assert_string_equal(world_infer(&w, "f[0] [3, 5]"), "[3, 5]");       /* there is no b */
    /* What one case asks of sizes is not asked in the other. */
    struct op_world v;
    world_open(&v, "op g[A](x: [N], z: [M]) -> y: [N] {\n"
                   "    if A > 0 { let h = N / A;  rank i: h;  rank j: A;  y[i*A + j] = x[i*A + j] }\n"
                   "    else if A == 0 { y[n] = x[n] + z[n] }\n"
                   "    else { let r = 1 / (A + 1);  y[n] = x[n] * r }\n"
                   "}\n"
                   "op doubled(x: [N]) -> y: [N] where A0 = N + N, A1 = A0 + A0, A2 = A1 + A1, A3 = A2 + A2, A4 = A3 + A3, A5 = A4 + A4,\n"
                   "    A6 = A5 + A5, A7 = A6 + A6, A8 = A7 + A7, A9 = A8 + A8, B0 = A9 + A9, B1 = B0 + B0, B2 = B1 + B1, B3 = B2 + B2,\n"
                   "    B4 = B3 + B3, B5 = B4 + B4, B6 = B5 + B5, B7 = B6 + B6, B8 = B7 + B7, B9 = B8 + B8, C0 = B9 + B9, C1 = C0 + C0,\n"
                   "    C2 = C1 + C1, C3 = C2 + C2, C4 = C3 + C3, C5 = C4 + C4 { rank m: C5/pow(2, 26);  t[m] = 1;  y[n] = x[n] + t[n] }\n");
    assert_string_equal(world_infer(&v, "g[2] [6] [5]"), "[6]");
    assert_string_equal(world_infer(&v, "g[4] [6] [5]"), "`g`: the range of index `i` is not a whole number");
    assert_string_equal(world_infer(&v, "g[0] [6] [5]"), "`g`: index `n` ranges over N = 6 here and over M = 5 there");
    assert_string_equal(world_infer(&v, "g[0] [6] [6]"), "[6]");
    assert_string_equal(world_infer(&v, "g[-3] [6] [5]"), "[6]");
    assert_string_equal(world_infer(&v, "g[-1] [6] [5]"), "`g`: size `r` cannot be computed");
    assert_string_equal(world_infer(&v, "doubled [5]"), "[5]");
    world_close(&v);
    struct op_why why;
    const struct op_bind *b = world_bind(&w, "f[1] [3, 4]", &why);
    assert_true(count_op(b, w.g.types).params == 2);
    assert_true(op_static(b, w.g.types, b->op->eq.at[0].guard, false));
    assert_false(op_static(b, w.g.types, b->op->eq.at[1].guard, false));
    world_close(&w);
}

static void memo(void **state)
{
    struct op_world w;
    (void)state;
    world_open(&w, "op f[K](x: [N]) -> y: [N*K] { y[i*K + j] = x[i] }\n");
    struct op_why why;
    const struct op_bind *a = world_bind(&w, "f[2] [3]", &why), *b = world_bind(&w, "f[2] [3]", &why);
    assert_ptr_equal(a, b);
    const struct op_bind *c = world_bind(&w, "f[3] [3]", &why);
    assert_ptr_not_equal(a, c);
    assert_int_not_equal(a->serial, c->serial);
    for (u32 i = 0; i < 500; i++) {         /* the table grows, entries stay */
        char call[40];
        snprintf(call, sizeof call, "f[2] [%u]", i + 1);
        const struct op_bind *x = world_bind(&w, call, &why);
        assert_non_null(x);
        assert_int_equal(axis_extent(w.g.types, type_get(w.g.types, x->out[0])->axis[0]), 2 * (i + 1));
    }
    assert_ptr_equal(a, world_bind(&w, "f[2] [3]", &why));
    assert_null(world_bind(&w, "f[0] [3]", &why));
    assert_int_equal(why.code, OPR_BAD_SIZE);
    why.code = OPR_OK;
    assert_null(world_bind(&w, "f[0] [3]", &why));
    assert_int_equal(why.code, OPR_BAD_SIZE);
    world_close(&w);
}

static void extents(void **state)
{
    struct op_world w;
    (void)state;
    world_open(&w, "op scan(x: [T, D]) -> y: [D] { rank t: iter T;  init h[0, d] = 0;  h[t+1, d] = h[t, d] + x[t, d];  y[d] = h[last(t), d] }\n"
                   "op run(x: [.., K]) -> y: [.., K] { s[..] += x[.., k];  y[.., k] = x[.., k] - s[..] / K }\n");
    struct op_why why;
    i64 extent[32];
    const struct op_bind *b = world_bind(&w, "scan [5, 3]", &why);
    assert_non_null(b);
    assert_int_equal(op_extents(b, w.g.types, 2, extent), 2);
    assert_int_equal(extent[0], 6);
    assert_int_equal(extent[1], 3);
    b = world_bind(&w, "run [5, 3, 2]", &why);
    assert_int_equal(op_extents(b, w.g.types, 2, extent), 2);
    assert_int_equal(extent[0], 5);
    assert_int_equal(extent[1], 3);
    assert_int_equal(op_extents(b, w.g.types, 0, extent), 3);
    world_close(&w);
}

static void counts(void **state)
{
    struct op_world w;
    (void)state;
    world_open(&w,
        "op conv[D, K, G](x: [C, H, W]) -> y: [D, H, W] where CG = C/G {\n"
        "    param w: [D, CG, K, K] ~ zeros\n"
        "    y[d, h, v] += pad(x[floor(d*G/D)*CG + c, h + i - floor(K/2), v + j - floor(K/2)], 0) * w[d, c, i, j]\n"
        "}\n"
        "op variance(x: [.., D]) -> y: [..] { s[..] += x[.., d];  y[..] += (x[.., d] - s[..]) * (x[.., d] - s[..]) }\n"
        "op dot(a: [.., S, D], b: [.., D, T]) -> y: [.., S, T] { y[.., s, t] += 2 * a[.., s, d] * b[.., d, t] / D }\n"
        "op norm(x: [C, ..]) -> y: [C, ..] { param g: [C] ~ ones;  state m: [C] ~ zeros;  y[c, ..] = (x[c, ..] - m[c]) * g[c] }\n"
        "op masked(x: [S], w: [S]) -> y: [S] { y[s] += x[t] * w[t] where t <= s }\n");
    struct op_why why;
    struct count c = count_op(world_bind(&w, "conv[16, 3, 1] [16, 32, 32]", &why), w.g.types);
    assert_true(c.params == 2304 && c.macs == 2359296 && c.nodes == 1);
    assert_true(c.bytes == 4 * (16 * 1024 * 2 + 2304));
    c = count_op(world_bind(&w, "conv[16, 5, 16] [16, 8, 8]", &why), w.g.types);
    assert_true(c.params == 16 * 25 && c.macs == 16 * 64 * 25);
    c = count_op(world_bind(&w, "variance [7, 5]", &why), w.g.types);
    assert_true(c.macs == 0 && c.params == 0);
    c = count_op(world_bind(&w, "dot [2, 3, 4] [2, 4, 5]", &why), w.g.types);
    assert_true(c.macs == 2 * 3 * 4 * 5);
    c = count_op(world_bind(&w, "norm f16[6, 10]", &why), w.g.types);
    assert_true(c.params == 6 && c.macs == 0 && c.bytes == 2 * (60 + 60 + 6));
    c = count_op(world_bind(&w, "masked [10] [10]", &why), w.g.types);
    assert_true(c.macs == 100);         /* filters are not subtracted */
    c = count_op(world_bind(&w, "dot [4096, 65536, 4096] [4096, 4096, 65536]", &why), w.g.types);
    assert_true(c.macs == (u128)1 << (12 + 16 + 12 + 16));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns), cmocka_unit_test(memory), cmocka_unit_test(ranges), cmocka_unit_test(regions),
        cmocka_unit_test(big_regions), cmocka_unit_test(overflow), cmocka_unit_test(guards), cmocka_unit_test(memo),
        cmocka_unit_test(extents), cmocka_unit_test(counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
