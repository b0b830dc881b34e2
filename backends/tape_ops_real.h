/* tape_ops_real.h - the functions of struct tape_real for one type T (names end in SUF); included by tape_ops_body.h for each. */
#define FN(name) CAT(CAT(name, _), SUF)
#define MAP(name, expr)                                                                                    \
    OPS_TARGET static void FN(name)(u32 n, void *vd, const void *va, const void *vb, const void *vc)       \
    {                                                                                                      \
        T *d = vd;                                                                                         \
        const T *a = va, *b = vb, *c = vc;                                                                 \
        (void)b, (void)c;                                                                                  \
        IVDEP for (u32 i = 0; i < n; i++)                                                                  \
            d[i] = (T)(expr);                                                                              \
    }
#ifndef IVDEP
#if defined(__clang__)
#define IVDEP
#else
#define IVDEP _Pragma("GCC ivdep")
#endif
#endif
/* Integers have one zero. */
#define SATURATED(x, lo, hi) ((x) != (x) ? 0 : (x) < (lo) ? (lo) : (x) > (hi) ? (hi) : ((x) < 0 ? -FLOOR(-(x)) : FLOOR(x)) + 0)

MAP(neg, -a[i])
MAP(abs, FABS(a[i]))
MAP(sign, (T)(a[i] > 0) - (T)(a[i] < 0))
MAP(sqrt, SQRT(a[i]))
MAP(over, (T)1 / a[i])
OPS_TARGET static void FN(rsqrt)(u32 n, void *d, const void *a, const void *b, const void *c)
{
    FN(sqrt)(n, d, a, b, c);
    FN(over)(n, d, d, b, c);
}
MAP(exp, F_EXP(a[i]))
MAP(log, F_LOG(a[i]))
MAP(tanh, F_TANH(a[i]))
MAP(sigmoid, F_SIGMOID(a[i]))
MAP(erf, F_ERF(a[i]))
MAP(sin, F_SIN(a[i]))
MAP(cos, F_COS(a[i]))
MAP(exp32, poly_exp((float)a[i]))
MAP(log32, poly_log((float)a[i]))
MAP(tanh32, poly_tanh((float)a[i]))
MAP(sigmoid32, poly_sigmoid((float)a[i]))
MAP(erf32, poly_erf((float)a[i]))
MAP(sin32, poly_sin((float)a[i]))
MAP(cos32, poly_cos((float)a[i]))
MAP(pow32, pow1_f32((float)a[i], (float)b[i]))
MAP(floor, FLOOR(a[i]))
MAP(truth, a[i] != 0)
MAP(not, a[i] == 0)
MAP(to_f16, elem_f16_to_f32(elem_f32_to_f16((float)a[i])))
MAP(to_bf16, elem_bf16_to_f32(elem_f32_to_bf16((float)a[i])))
MAP(to_f32, (float)a[i])
MAP(to_i64, SATURATED(a[i], (T)-0x1p63, (T)0x1p63))
MAP(to_i32, SATURATED(a[i], (T)INT32_MIN, (T)INT32_MAX))
MAP(to_i8, SATURATED(a[i], (T)INT8_MIN, (T)INT8_MAX))
MAP(to_u8, SATURATED(a[i], (T)0, (T)UINT8_MAX))
MAP(add, a[i] + b[i])
MAP(sub, a[i] - b[i])
MAP(mul, a[i] * b[i])
MAP(div, a[i] / b[i])
MAP(div0, b[i] == 0 ? (T)0 : a[i] / b[i])
MAP(idiv, b[i] == 0 ? (T)0 : FLOOR(a[i] / b[i]))
MAP(mod, a[i] - FLOOR(a[i] / b[i]) * b[i])
MAP(pow, F_POW(a[i], b[i]))
MAP(min, a[i] < b[i] ? a[i] : b[i])
MAP(max, a[i] > b[i] ? a[i] : b[i])
MAP(lt, a[i] < b[i])
MAP(le, a[i] <= b[i])
MAP(eq, a[i] == b[i])
MAP(ne, a[i] != b[i])
MAP(and, (a[i] != 0) & (b[i] != 0))
MAP(or, (a[i] != 0) | (b[i] != 0))
MAP(select, a[i] != 0 ? b[i] : c[i])
MAP(fma, DO_FMA_T(a[i], b[i], c[i]))

OPS_TARGET static void FN(add_product)(u32 n, void *vacc, const void *va, const void *vb)
{
    T *acc = vacc;
    const T *a = va, *b = vb;
    IVDEP for (u32 i = 0; i < n; i++)
        acc[i] = DO_FMA_T(a[i], b[i], acc[i]);
}

OPS_TARGET static void FN(reduce)(u8 red, u32 n, void *vacc, const void *vv)
{
    switch (red) {
    case RED_ADD: FN(add)(n, vacc, vacc, vv, NULL); break;
    case RED_MUL: FN(mul)(n, vacc, vacc, vv, NULL); break;
    case RED_MAX: FN(max)(n, vacc, vacc, vv, NULL); break;
    default: FN(min)(n, vacc, vacc, vv, NULL);
    }
}

/* Lane j of 16 takes points j, j + 16, ..; then the lanes pairwise. */
typedef T FN(vec16) __attribute__((vector_size(16 * sizeof(T)), aligned(sizeof(T)), may_alias));
#define ROW(name, start, op, vop)                                                                          \
    OPS_TARGET static T FN(name)(u32 n, const T *v)                                                        \
    {                                                                                                      \
        T lane[16];                                                                                        \
        u32 i = 0;                                                                                         \
        if (n < 16) {                                                                                      \
            T x = start;                                                                                   \
            for (; i < n; i++)                                                                             \
                x = op(x, v[i]);                                                                           \
            return x;                                                                                      \
        }                                                                                                  \
        FN(vec16) x = *(const FN(vec16) *)v, y;                                                            \
        for (i = 16; i + 16 <= n; i += 16) {                                                               \
            y = *(const FN(vec16) *)(v + i);                                                               \
            vop(x, y);                                                                                     \
        }                                                                                                  \
        *(FN(vec16) *)lane = x;                                                                            \
        for (; i < n; i++)                                                                                 \
            lane[i % 16] = op(lane[i % 16], v[i]);                                                         \
        for (u32 w = 8; w; w /= 2)                                                                         \
            for (u32 j = 0; j < w; j++)                                                                    \
                lane[j] = op(lane[j], lane[j + w]);                                                        \
        return lane[0];                                                                                    \
    }
#define R_ADD(x, y) (x) + (y)
#define R_MUL(x, y) (x) * (y)
#define R_MAX(x, y) (x) > (y) ? (x) : (y)
#define R_MIN(x, y) (x) < (y) ? (x) : (y)
#define V_ADD(x, y) x += y
#define V_MUL(x, y) x *= y
#define V_TAKE(x, y, m) x = (FN(vec16))((m & (__typeof__(m))x) | (~m & (__typeof__(m))y))
#define V_MAX(x, y) __typeof__(x > y) m = x > y; V_TAKE(x, y, m)
#define V_MIN(x, y) __typeof__(x < y) m = x < y; V_TAKE(x, y, m)
ROW(row_add, 0, R_ADD, V_ADD)
ROW(row_mul, 1, R_MUL, V_MUL)
ROW(row_max, (T)-__builtin_inf(), R_MAX, V_MAX)
ROW(row_min, (T)__builtin_inf(), R_MIN, V_MIN)

OPS_TARGET static void FN(rows)(u8 red, u32 rows, u32 cols, void *vacc, const void *vv)
{
    T *acc = vacc;
    const T *v = vv;
    for (u32 r = 0; r < rows; r++, v += cols) {
        T x = acc[r], y;
        switch (red) {
        case RED_ADD: acc[r] = x + FN(row_add)(cols, v); break;
        case RED_MUL: acc[r] = x * FN(row_mul)(cols, v); break;
        case RED_MAX: y = FN(row_max)(cols, v), acc[r] = R_MAX(x, y); break;
        default: y = FN(row_min)(cols, v), acc[r] = R_MIN(x, y);
        }
    }
}

OPS_TARGET CONTRACTED static T FN(dot)(u32 n, const T *a, const T *b)
{
    T lane[16];
    u32 i = 0;
    if (n < 16) {
        T x = 0;
        for (; i < n; i++)
            x = DO_FMA_T(a[i], b[i], x);
        return x;
    }
    FN(vec16) x = *(const FN(vec16) *)a * *(const FN(vec16) *)b;
    for (i = 16; i + 16 <= n; i += 16)
        x += *(const FN(vec16) *)(a + i) * *(const FN(vec16) *)(b + i);
    *(FN(vec16) *)lane = x;
    for (; i < n; i++)
        lane[i % 16] = DO_FMA_T(a[i], b[i], lane[i % 16]);
    for (u32 w = 8; w; w /= 2)
        for (u32 j = 0; j < w; j++)
            lane[j] += lane[j + w];
    return lane[0];
}

OPS_TARGET static void FN(rows_product)(u32 rows, u32 cols, void *vacc, const void *va, const void *vb)
{
    T *acc = vacc;
    const T *a = va, *b = vb;
    for (u32 r = 0; r < rows; r++)
        acc[r] += FN(dot)(cols, a + r * cols, b + r * cols);
}

OPS_TARGET static void FN(pick)(u32 n, void *vd, const u8 *in, const void *vp)
{
    T *d = vd;
    const T *p = vp;
    if (p)
        IVDEP for (u32 i = 0; i < n; i++)
            d[i] = in[i] ? d[i] : p[i];
    else
        IVDEP for (u32 i = 0; i < n; i++)
            d[i] = in[i] ? d[i] : 0;
}

OPS_TARGET static void FN(fill)(u32 n, void *vd, double v)
{
    T *d = vd, x = (T)v;
    for (u32 i = 0; i < n; i++)
        d[i] = x;
}

OPS_TARGET static void FN(spread)(u32 n, u32 cols, void *vd)
{
    T *d = vd;
    for (u32 r = n / cols; r-- > 0;) {
        T x = d[r], *to = d + r * cols;
        u32 k = 0;
        for (; k + 16 <= cols; k += 16)
            for (u32 j = 0; j < 16; j++)
                to[k + j] = x;
        for (; k < cols; k++)
            to[k] = x;
    }
}

#define READ_OF(U, conv)                                              \
    do {                                                              \
        const U *from = (const U *)vfrom + at;                        \
        if (step == 1)                                                \
            for (u32 i = 0; i < n; i++)                               \
                d[i] = (T)conv(from[i]);                              \
        else if (!step)                                               \
            for (u32 i = 0, k = 0; i < n; i++)                        \
                d[i] = (T)conv(from[k]);                              \
        else                                                          \
            for (u32 i = 0; i < n; i++)                               \
                d[i] = (T)conv(from[(i64)i * step]);                  \
    } while (0)
#define GATHER_OF(U, conv)                                            \
    do {                                                              \
        const U *from = (const U *)vfrom + at;                        \
        for (u32 i = 0; i < n; i++)                                   \
            d[i] = (T)conv(from[off[i]]);                             \
    } while (0)
#define BY_DTYPE(DO)                                                  \
    switch (dtype) {                                                  \
    case DT_F64: DO(double, ); break;                                 \
    case DT_F32: DO(float, ); break;                                  \
    case DT_F16: DO(u16, elem_f16_to_f32); break;                     \
    case DT_BF16: DO(u16, elem_bf16_to_f32); break;                   \
    case DT_I64: DO(i64, ); break;                                    \
    case DT_I32: DO(i32, ); break;                                    \
    case DT_I8: DO(i8, ); break;                                      \
    default: DO(u8, );                                                \
    }

OPS_TARGET static void FN(read)(u8 dtype, u32 n, void *vd, const void *vfrom, i64 at, i64 step)
{
    T *d = vd;
    BY_DTYPE(READ_OF)
}

OPS_TARGET static void FN(gather)(u8 dtype, u32 n, void *vd, const void *vfrom, i64 at, const i32 *off)
{
    T *d = vd;
    BY_DTYPE(GATHER_OF)
}

OPS_TARGET static void FN(gather_far)(u8 dtype, u32 n, void *vd, const void *vfrom, const i64 *off)
{
    T *d = vd;
    const i64 at = 0;
    BY_DTYPE(GATHER_OF)
}

OPS_TARGET static void FN(read_rows)(u8 dtype, u32 n, u32 cols, void *vd, const void *vfrom, i64 at, i64 step, i64 row)
{
    T *d = vd;
    if (dtype != NATIVE) {
        for (u32 i = 0; i < n; i += cols, at += row)
            FN(read)(dtype, cols < n - i ? cols : n - i, d + i, vfrom, at, step);
        return;
    }
    const T *from = (const T *)vfrom + at;
    for (u32 i = 0; i < n; i += cols, from += row) {
        u32 m = cols < n - i ? cols : n - i, k = 0;
        if (step == 1) {
            for (; k + 16 <= m; k += 16)
                __builtin_memcpy(d + i + k, from + k, 16 * sizeof *d);
            for (; k < m; k++)
                d[i + k] = from[k];
        } else if (!step) {
            T x = *from;
            for (; k + 16 <= m; k += 16)
                for (u32 j = 0; j < 16; j++)
                    d[i + k + j] = x;
            for (; k < m; k++)
                d[i + k] = x;
        } else {
            for (; k < m; k++)
                d[i + k] = from[(i64)k * step];
        }
    }
}

OPS_TARGET static void FN(read_runs)(u8 dtype, u32 n, u32 cols, void *vd, const void *vfrom, i64 at, i64 step, const i32 *off)
{
    T *d = vd;
    for (u32 i = 0; i < n; i += cols)
        FN(read_rows)(dtype, cols < n - i ? cols : n - i, cols, d + i, vfrom, at + off[i], step, 0);
}

OPS_TARGET static void FN(write)(u8 dtype, u32 n, void *vto, i64 at, i64 step, const void *vv)
{
    const T *v = vv;
    if (dtype != NATIVE) {
        for (u32 i = 0; i < n; i++)
            elem_set((enum dtype)dtype, vto, (u64)(at + (i64)i * step), (double)v[i]);
        return;
    }
    T *to = (T *)vto + at;
    if (step == 1)
        __builtin_memmove(to, v, n * sizeof *to);
    else
        for (u32 i = 0; i < n; i++)
            to[(i64)i * step] = v[i];
}

OPS_TARGET static void FN(write_far)(u8 dtype, u32 n, void *vto, const i64 *off, const void *vv)
{
    const T *v = vv;
    T *to = vto;
    for (u32 i = 0; i < n; i++)
        if (dtype == NATIVE)
            to[off[i]] = v[i];
        else
            elem_set((enum dtype)dtype, vto, (u64)off[i], (double)v[i]);
}

OPS_TARGET static void FN(write_rows)(u8 dtype, u32 n, u32 cols, void *vto, i64 at, i64 step, i64 row, const void *vv)
{
    const T *v = vv;
    if (dtype != NATIVE || step != 1) {
        for (u32 i = 0; i < n; i += cols, at += row)
            FN(write)(dtype, cols < n - i ? cols : n - i, vto, at, step, v + i);
        return;
    }
    T *to = (T *)vto + at;
    for (u32 i = 0; i < n; i += cols, to += row) {
        u32 m = cols < n - i ? cols : n - i, k = 0;
        for (; k + 16 <= m; k += 16)
            __builtin_memcpy(to + k, v + i + k, 16 * sizeof *to);
        for (; k < m; k++)
            to[k] = v[i + k];
    }
}

OPS_TARGET static void FN(write_runs)(u8 dtype, u32 n, u32 cols, void *vto, i64 at, i64 step, const i32 *off, const void *vv)
{
    const T *v = vv;
    for (u32 i = 0; i < n; i += cols)
        FN(write_rows)(dtype, cols < n - i ? cols : n - i, cols, vto, at + off[i], step, 0, v + i);
}
#undef READ_OF
#undef GATHER_OF
#undef BY_DTYPE
#undef ROW
#undef R_ADD
#undef R_MUL
#undef R_MAX
#undef R_MIN
#undef V_ADD
#undef V_MUL
#undef V_TAKE
#undef V_MAX
#undef V_MIN
#undef SATURATED
#undef MAP
#undef FN

#define REAL_TABLE(S) { .map = { \
    [TP_NEG] = neg_##S, [TP_ABS] = abs_##S, [TP_SIGN] = sign_##S, [TP_SQRT] = sqrt_##S, [TP_RSQRT] = rsqrt_##S, [TP_EXP] = exp_##S, \
    [TP_LOG] = log_##S, [TP_TANH] = tanh_##S, [TP_SIGMOID] = sigmoid_##S, [TP_ERF] = erf_##S, [TP_SIN] = sin_##S, [TP_COS] = cos_##S, \
    [TP_EXP32] = exp32_##S, [TP_LOG32] = log32_##S, [TP_TANH32] = tanh32_##S, [TP_SIGMOID32] = sigmoid32_##S, [TP_ERF32] = erf32_##S, \
    [TP_SIN32] = sin32_##S, [TP_COS32] = cos32_##S, [TP_POW32] = pow32_##S, [TP_FLOOR] = floor_##S, [TP_TRUTH] = truth_##S, [TP_NOT] = not_##S, [TP_TO_F16] = to_f16_##S, [TP_TO_BF16] = to_bf16_##S, \
    [TP_TO_F32] = to_f32_##S, [TP_TO_I64] = to_i64_##S, [TP_TO_I32] = to_i32_##S, [TP_TO_I8] = to_i8_##S, [TP_TO_U8] = to_u8_##S, \
    [TP_ADD] = add_##S, [TP_SUB] = sub_##S, [TP_MUL] = mul_##S, [TP_DIV] = div_##S, [TP_DIV0] = div0_##S, [TP_IDIV] = idiv_##S, \
    [TP_MOD] = mod_##S, [TP_POW] = pow_##S, [TP_MIN] = min_##S, [TP_MAX] = max_##S, [TP_LT] = lt_##S, [TP_LE] = le_##S, [TP_EQ] = eq_##S, \
    [TP_NE] = ne_##S, [TP_AND] = and_##S, [TP_OR] = or_##S, [TP_SELECT] = select_##S, [TP_FMA] = fma_##S }, \
    .reduce = reduce_##S, .add_product = add_product_##S, .rows = rows_##S, .rows_product = rows_product_##S, .fill = fill_##S, .spread = spread_##S, .read = read_##S, .write = write_##S, .gather = gather_##S, \
    .gather_far = gather_far_##S, .read_rows = read_rows_##S, .write_rows = write_rows_##S, .write_far = write_far_##S, .read_runs = read_runs_##S, .write_runs = write_runs_##S, \
    .pick = pick_##S }
