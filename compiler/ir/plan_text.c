/* plan_text.c - a plan as records, kernels included, and back.
 *
 *     (plan "net" inference (bytes 4096 0 8192 0 64))
 *     (buf 0 "x" 3 io f32 batched (bytes 12288) (at 0) (live 0 9) (lay 3072 0 0 (1 1 3 0 1024) ..))
 *     (buf 4 "y" 9 sample f32 batched (bytes 18496) (at 0) (live 2 3) (lay ..) (halo 1 0.0 0 1 1 33 1 33 0 16))
 *     (kernel 0 "conv" 0123456789abcdef0123456789abcdef (fn ..))
 *     (run kernel 0 7 (args 0 0 1 0) (syms 1024 0 16 1) (units 2 1) "cell.a.conv" (cost 100 200 300))
 *     (state copy 5 2)  (run fill 4 0.0)  (in 0) (out 1) (weights 2 3)
 *
 * Pairs in args are buffer and offset; in syms and units a number and whether it is times the batch.  The cascade is
 * not in the text: a plan that was read has names, not tensors. */
#include "compiler/ir/plan.h"

#include "compiler/base/rec.h"

static void put_string(struct buf *b, const char *s)
{
    buf_putc(b, ' ');
    buf_json(b, s ? s : "", s ? strlen(s) : 0);
}

static void put_cmd(struct buf *b, const char *section, const struct plan_cmd *c)
{
    static const char *const word[] = { "kernel", "copy", "fill", "once", "tape" };
    buf_putc(b, '(');
    buf_puts(b, section);
    rec_put_word(b, word[c->kind]);
    if (c->kind == PC_FILL) {
        rec_put_int(b, c->arg[0].buf);
        rec_put_real(b, c->fill);
    } else if (c->kind == PC_COPY) {
        rec_put_int(b, c->arg[0].buf);
        rec_put_int(b, c->arg[1].buf);
    } else {
        rec_put_int(b, c->kernel);
        rec_put_int(b, c->group);
        rec_open(b, 0, "args");
        for (u32 i = 0; i < c->narg; i++) {
            rec_put_int(b, c->arg[i].buf);
            rec_put_int(b, (i64)c->arg[i].offset);
        }
        rec_close(b);
        rec_open(b, 0, "syms");
        for (u32 i = 0; i < c->nsym; i++) {
            rec_put_int(b, c->sym[i].k);
            rec_put_int(b, c->sym[i].times_batch);
        }
        rec_close(b);
        rec_open(b, 0, "units");
        rec_put_int(b, c->units.k);
        rec_put_int(b, c->units.times_batch);
        rec_close(b);
        put_string(b, c->what);
        rec_open(b, 0, "cost");
        rec_put_int(b, (i64)c->macs);
        rec_put_int(b, (i64)c->flops);
        rec_put_int(b, (i64)c->bytes);
        rec_close(b);
    }
    buf_puts(b, ")\n");
}

static void put_list(struct buf *b, const char *head, u32 n, const u32 *at)
{
    buf_putc(b, '(');
    buf_puts(b, head);
    for (u32 i = 0; i < n; i++)
        rec_put_int(b, at[i]);
    buf_puts(b, ")\n");
}

static void put_kernels(struct buf *b, const char *head, u32 n, const struct plan_kernel *k)
{
    for (u32 i = 0; i < n; i++) {
        char hex[33];
        hash128_hex(k[i].key, hex);
        buf_printf(b, "(%s %u", head, i);
        put_string(b, k[i].name);
        put_string(b, hex);
        buf_putc(b, ' ');
        loop_dump(b, k[i].fn);
        while (b->n && b->at[b->n - 1] == '\n')
            b->at[--b->n] = 0;
        buf_puts(b, ")\n");
    }
}

void plan_dump(struct buf *b, const struct plan *p)
{
    buf_puts(b, "(plan");
    put_string(b, p->name);
    buf_printf(b, " %s (bytes %llu %llu %llu %llu %llu))\n", p->training ? "training" : "inference", (unsigned long long)p->weight_bytes,
               (unsigned long long)p->state_bytes, (unsigned long long)p->sample_bytes, (unsigned long long)p->thread_bytes,
               (unsigned long long)p->const_bytes);
    for (u32 i = 0; i < p->buf.n; i++) {
        const struct plan_buf *f = &p->buf.at[i];
        buf_printf(b, "(buf %u", i);
        put_string(b, f->name);
        buf_printf(b, " %u %s %s %s (bytes %llu) (at %llu) (live %u %u) (lay %lld %lld %lld", f->tens, plan_segment_word[f->segment],
                   dtype_name((enum dtype)f->dtype), f->batched ? "batched" : "plain", (unsigned long long)f->bytes, (unsigned long long)f->offset,
                   f->first, f->last, (long long)f->lay.elems, (long long)f->lay.halo, (long long)f->lay.slack);
        for (u32 d = 0; d < f->lay.n; d++)
            buf_printf(b, " (dim %u %lld %lld %lld %lld)", f->lay.dim[d].dim, (long long)f->lay.dim[d].div, (long long)f->lay.dim[d].mod,
                       (long long)f->lay.dim[d].pad, (long long)f->lay.dim[d].stride);
        buf_putc(b, ')');
        if (f->halo) {
            rec_open(b, 0, "halo");
            rec_put_int(b, f->halo);
            rec_put_real(b, f->rest);
            for (u32 d = 0; d < 2 * f->lay.n; d++)
                rec_put_int(b, f->inner[d]);
            rec_close(b);
        }
        if (f->value) {
            rec_open(b, 0, "value");
            for (i64 k = 0; k < f->lay.elems; k++)
                rec_put_real(b, f->value[k]);
            rec_close(b);
        }
        buf_puts(b, ")\n");
    }
    put_kernels(b, "kernel", p->kernel.n, p->kernel.at);
    put_kernels(b, "once", p->once.n, p->once.at);
    for (u32 i = 0; i < p->tape.n; i++) {
        tape_dump(b, p->tape.at[i]);
        buf_putc(b, '\n');
    }
    for (u32 i = 0; i < p->load.n; i++)
        put_cmd(b, "load", &p->load.at[i]);
    for (u32 i = 0; i < p->run.n; i++)
        put_cmd(b, "run", &p->run.at[i]);
    for (u32 i = 0; i < p->state.n; i++)
        put_cmd(b, "state", &p->state.at[i]);
    put_list(b, "in", p->nin, p->in);
    put_list(b, "out", p->nout, p->out);
    put_list(b, "weights", p->weight.n, p->weight.at);
}

/* Reading */

struct reader { struct arena *a; struct str_pool *sp; struct diags *ds; struct plan *p; };

static bool bad(struct reader *r, const struct rec *at, const char *what)
{
    diag_add(r->ds, E0809, at->loc, "%s", what);
    return false;
}

static bool read_u64(struct reader *r, const struct rec *at, u32 i, u64 *out)
{
    i64 v;
    if (!rec_int(r->ds, at, i, &v))
        return false;
    *out = (u64)v;
    return v >= 0 || bad(r, &at->item[i], "this number is not negative");
}

static bool read_u32(struct reader *r, const struct rec *at, u32 i, u32 *out)
{
    u64 v = 0;
    if (!read_u64(r, at, i, &v))
        return false;
    *out = (u32)v;
    return v <= UINT32_MAX || bad(r, &at->item[i], "this number is too large");
}

static bool read_index(struct reader *r, const struct rec *at, u32 i, u32 n, u32 *out)
{
    return read_u32(r, at, i, out) && (*out < n || bad(r, &at->item[i], "there is nothing of that number"));
}

/* The sub-record of that name, which must be there. */
static const struct rec *part(struct reader *r, const struct rec *at, const char *head)
{
    const struct rec *x = rec_find(at, head);
    if (!x)
        diag_add(r->ds, E0806, at->loc, "a (%s ..) is missing", head);
    return x;
}

static bool read_buf(struct reader *r, const struct rec *at)
{
    struct plan_buf b = { 0 };
    u32 number;
    str segment, dtype, batched;
    enum dtype d;
    if (!read_u32(r, at, 0, &number) || !rec_word(r->ds, at, 1, &b.name) || !read_u32(r, at, 2, &b.tens) || !rec_word(r->ds, at, 3, &segment) ||
        !rec_word(r->ds, at, 4, &dtype) || !rec_word(r->ds, at, 5, &batched))
        return false;
    for (b.segment = 0; b.segment <= SEG_CONST && strcmp(plan_segment_word[b.segment], segment); b.segment++)
        ;
    if (b.segment > SEG_CONST || !dtype_parse(dtype, &d))
        return bad(r, at, "a buffer has a segment and a dtype");
    if (number != r->p->buf.n)
        return bad(r, at, "buffers are numbered in order");
    b.dtype = (u8)d;
    b.batched = strcmp(batched, "batched") == 0;
    const struct rec *bytes = part(r, at, "bytes"), *off = part(r, at, "at"), *live = part(r, at, "live"), *lay = part(r, at, "lay");
    if (!bytes || !off || !live || !lay || !read_u64(r, bytes, 0, &b.bytes) || !read_u64(r, off, 0, &b.offset) || !read_u32(r, live, 0, &b.first) ||
        !read_u32(r, live, 1, &b.last) || !rec_int(r->ds, lay, 0, &b.lay.elems) || !rec_int(r->ds, lay, 1, &b.lay.halo) ||
        !rec_int(r->ds, lay, 2, &b.lay.slack))
        return false;
    b.lay.n = lay->n - 3;
    b.lay.dim = NEW_ARRAY(r->a, struct lay_dim, b.lay.n);
    for (u32 i = 0; i < b.lay.n; i++) {
        const struct rec *x;
        struct lay_dim *l = &b.lay.dim[i];
        if (!rec_list(r->ds, lay, 3 + i, "dim", &x) || !read_u32(r, x, 0, &l->dim) || !rec_int(r->ds, x, 1, &l->div) ||
            !rec_int(r->ds, x, 2, &l->mod) || !rec_int(r->ds, x, 3, &l->pad) || !rec_int(r->ds, x, 4, &l->stride))
            return false;
    }
    const struct rec *value = rec_find(at, "value"), *halo = rec_find(at, "halo");
    if (halo) {
        if (!read_u32(r, halo, 0, &b.halo) || !rec_real(r->ds, halo, 1, &b.rest))
            return false;
        if (!b.halo || halo->n != 2 + 2 * b.lay.n)
            return bad(r, halo, "a halo has a class from 1, a value, and two bounds for each dim");
        b.inner = NEW_ARRAY(r->a, i64, 2 * b.lay.n);
        for (u32 i = 0; i < 2 * b.lay.n; i++)
            if (!rec_int(r->ds, halo, 2 + i, &b.inner[i]))
                return false;
    }
    if (value) {
        if (value->n != (u64)b.lay.elems)
            return bad(r, value, "a constant has a value for each element");
        double *v = NEW_ARRAY(r->a, double, value->n + 1);
        for (u32 i = 0; i < value->n; i++)
            if (!rec_real(r->ds, value, i, &v[i]))
                return false;
        b.value = v;
    }
    vec_push(r->a, &r->p->buf, b);
    return true;
}

static bool hex_digit(char c, u64 *v)
{
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
        return false;
    *v = *v << 4 | (u64)(c <= '9' ? c - '0' : c - 'a' + 10);
    return true;
}

static bool read_kernel(struct reader *r, const struct rec *at, bool once)
{
    u32 have = once ? r->p->once.n : r->p->kernel.n;
    struct plan_kernel k = { 0 };
    str hex;
    const struct rec *fn;
    u32 number;
    if (!read_u32(r, at, 0, &number) || !rec_word(r->ds, at, 1, &k.name) || !rec_word(r->ds, at, 2, &hex) || !rec_list(r->ds, at, 3, "fn", &fn))
        return false;
    bool ok = strlen(hex) == 32 && number == have;
    for (u32 i = 0; ok && i < 32; i++)
        ok = hex_digit(hex[i], i < 16 ? &k.key.hi : &k.key.lo);
    if (!ok)
        return bad(r, at, "kernels are numbered in order and have a key of 32 hex digits");
    k.fn = loop_read_rec(r->a, r->sp, r->ds, fn);
    if (!k.fn)
        return false;
    if (once)
        vec_push(r->a, &r->p->once, k);
    else
        vec_push(r->a, &r->p->kernel, k);
    return true;
}

static bool read_ints(struct reader *r, const struct rec *at, u32 *n, struct plan_int **out)
{
    *n = at->n / 2;
    *out = NEW_ARRAY(r->a, struct plan_int, *n);
    for (u32 i = 0; i < *n; i++) {
        i64 tb;
        if (!rec_int(r->ds, at, 2 * i, &(*out)[i].k) || !rec_int(r->ds, at, 2 * i + 1, &tb))
            return false;
        (*out)[i].times_batch = tb != 0;
    }
    return true;
}

static bool read_cmd(struct reader *r, const struct rec *at, struct plan_cmd *c)
{
    str kind;
    struct plan *p = r->p;
    if (!rec_word(r->ds, at, 0, &kind))
        return false;
    if (strcmp(kind, "fill") == 0 || strcmp(kind, "copy") == 0) {
        c->kind = *kind == 'f' ? PC_FILL : PC_COPY;
        c->narg = c->kind == PC_FILL ? 1 : 2;
        c->arg = NEW_ARRAY(r->a, struct plan_arg, 2);
        return read_index(r, at, 1, p->buf.n, &c->arg[0].buf) &&
               (c->kind == PC_FILL ? rec_real(r->ds, at, 2, &c->fill) : read_index(r, at, 2, p->buf.n, &c->arg[1].buf));
    }
    bool once = strcmp(kind, "once") == 0, tape = strcmp(kind, "tape") == 0;
    if (!once && !tape && strcmp(kind, "kernel"))
        return bad(r, at, "a command is kernel, once, tape, copy or fill");
    c->kind = once ? PC_ONCE : tape ? PC_TAPE : PC_KERNEL;
    const struct rec *args = part(r, at, "args"), *syms = part(r, at, "syms"), *units = part(r, at, "units"), *cost = part(r, at, "cost");
    u32 n;
    struct plan_int *u;
    if (!args || !syms || !units || !cost || !read_index(r, at, 1, once ? p->once.n : tape ? p->tape.n : p->kernel.n, &c->kernel) || !read_u32(r, at, 2, &c->group) ||
        !rec_word(r->ds, at, 6, &c->what) || !read_ints(r, syms, &c->nsym, &c->sym) || !read_ints(r, units, &n, &u) ||
        !read_u64(r, cost, 0, &c->macs) || !read_u64(r, cost, 1, &c->flops) || !read_u64(r, cost, 2, &c->bytes))
        return false;
    if (n != 1)
        return bad(r, units, "units are one number and whether it is times the batch");
    c->units = u[0];
    c->narg = args->n / 2;
    c->arg = NEW_ARRAY(r->a, struct plan_arg, c->narg);
    for (u32 i = 0; i < c->narg; i++)
        if (!read_index(r, args, 2 * i, p->buf.n, &c->arg[i].buf) || !read_u64(r, args, 2 * i + 1, &c->arg[i].offset))
            return false;
    return true;
}

static bool read_list(struct reader *r, const struct rec *at, u32 *n, u32 **out)
{
    *n = at->n;
    *out = NEW_ARRAY(r->a, u32, at->n + 1);
    for (u32 i = 0; i < at->n; i++)
        if (!read_index(r, at, i, r->p->buf.n, &(*out)[i]))
            return false;
    return true;
}

static bool read_one(struct reader *r, const struct rec *at)
{
    struct plan *p = r->p;
    struct plan_cmd c = { 0 };
    if (at->kind != REC_LIST)
        return bad(r, at, "a plan is a list of records");
    if (strcmp(at->text, "plan") == 0) {
        str mode;
        const struct rec *bytes = part(r, at, "bytes");
        if (!bytes || !rec_word(r->ds, at, 0, &p->name) || !rec_word(r->ds, at, 1, &mode))
            return false;
        p->training = strcmp(mode, "training") == 0;
        return read_u64(r, bytes, 0, &p->weight_bytes) && read_u64(r, bytes, 1, &p->state_bytes) && read_u64(r, bytes, 2, &p->sample_bytes) &&
               read_u64(r, bytes, 3, &p->thread_bytes) && read_u64(r, bytes, 4, &p->const_bytes);
    }
    if (strcmp(at->text, "buf") == 0)
        return read_buf(r, at);
    if (strcmp(at->text, "kernel") == 0)
        return read_kernel(r, at, false);
    if (strcmp(at->text, "once") == 0)
        return read_kernel(r, at, true);
    if (strcmp(at->text, "tape") == 0) {
        struct tape *t = tape_read_rec(r->a, r->sp, r->ds, at);
        if (t)
            vec_push(r->a, &p->tape, t);
        return t;
    }
    if (strcmp(at->text, "in") == 0)
        return read_list(r, at, &p->nin, &p->in);
    if (strcmp(at->text, "out") == 0)
        return read_list(r, at, &p->nout, &p->out);
    if (strcmp(at->text, "weights") == 0) {
        u32 n, *b;
        if (!read_list(r, at, &n, &b))
            return false;
        for (u32 i = 0; i < n; i++)
            vec_push(r->a, &p->weight, b[i]);
        return true;
    }
    if (strcmp(at->text, "load") == 0) {
        bool ok = read_cmd(r, at, &c);
        vec_push(r->a, &p->load, c);
        return ok;
    }
    if (strcmp(at->text, "run") == 0) {
        bool ok = read_cmd(r, at, &c);
        vec_push(r->a, &p->run, c);
        return ok;
    }
    if (strcmp(at->text, "state") == 0) {
        bool ok = read_cmd(r, at, &c);
        vec_push(r->a, &p->state, c);
        return ok;
    }
    return bad(r, at, "this record is no part of a plan");
}

struct plan *plan_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s)
{
    u32 n;
    const struct rec *all = rec_parse(a, sp, ds, s, &n);
    if (!all)
        return NULL;
    struct reader r = { a, sp, ds, NEW(a, struct plan) };
    r.p->a = a;
    for (u32 i = 0; i < n; i++)
        if (!read_one(&r, &all[i]))
            return NULL;
    return r.p;
}
