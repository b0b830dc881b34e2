/* emit.c - see emit.h. */
#include "compiler/emit.h"

#include "compiler/link.h"
#include "compiler/weights_file.h"

#include <string.h>

const struct emit_row emit_rows[EMIT_KINDS] = {
#define X(id, word, suffix, exec, object) {word, suffix, exec, object},
    EMIT_KINDS_DEF(X)
#undef X
};

bool emit_name_ok(const char *name)
{
    const char *s = name;
    for (; (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_' || (s > name && *s >= '0' && *s <= '9'); s++)
        ;
    return *name && !*s && s - name <= 200;
}

struct unit *session_unit(nasc_session *s, struct arena *a, struct backend_handle *be, const char *name, u32 n, const struct unit_model *model)
{
    struct buf why = {0};
    struct unit *u = NULL;
    if (!be->be->emit)
        session_complain(s, E0953, "backend `%s` makes no files", be->name);
    else if (!(u = unit_build(a, name, session_mach(s), be->be, n, model, s->checked, &why)))
        session_complain(s, E0953, "%s", why.at ? why.at : "");
    buf_free(&why);
    return u;
}

/* ---- a static library: the format of ar, with its table of symbols ---- */

static void member(struct buf *b, const char *name, size_t bytes)
{
    buf_printf(b, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "644", bytes);
}

static void big_endian(struct buf *b, u64 x)
{
    for (u32 i = 4; i-- > 0;)
        buf_putc(b, (char)(x >> 8 * i & 0xff));
}

static void pad(struct buf *b, char with)
{
    if (b->n % 2)
        buf_putc(b, with);
}

static void archive(struct buf *b, const struct unit *u, const struct buf *object)
{
    struct buf names = {0};
    u32 n = 0;
    for (u32 i = 0; i < u->fn.n; i++, n++)
        buf_put(&names, u->fn.at[i].name, strlen(u->fn.at[i].name) + 1);
    for (u32 i = 0; i < u->data.n; i++)
        if (u->data.at[i].global) {
            buf_put(&names, u->data.at[i].name, strlen(u->data.at[i].name) + 1);
            n++;
        }
    pad(&names, 0);
    u64 table = 4 + 4ull * n + names.n;
    buf_puts(b, "!<arch>\n");
    member(b, "/", table);
    big_endian(b, n);
    for (u32 i = 0; i < n; i++)
        big_endian(b, 8 + 60 + table);
    buf_put(b, names.at, names.n);
    member(b, "model.o/", object->n);
    buf_put(b, object->at, object->n);
    pad(b, '\n');
    buf_free(&names);
}

/* ---- an architecture ---- */

struct emission {
    nasc_session *s;
    nasc_net *n;
    struct backend_handle *be;
    struct unit_model model;
    struct unit *u;
    struct buf object;
};

/* The block that load reads. */
static nasc_status weights(struct emission *e, const struct emit_options *o)
{
    const struct plan *p = e->n->plan;
    u64 *at = NEW_ARRAY(e->n->a, u64, p->weight.n + 1), all = unit_weights(p, at);
    if (!net_exec(e->n))
        return NASC_ENV;
    if (!o->weights)
        exec_weights_seed(e->n->exec, o->seed);
    else if (!weights_load(e->n, o->weights))
        return NASC_WRONG;
    u8 *block = arena_alloc(e->n->a, all + 1);
    for (u32 i = 0; i < p->weight.n; i++) {
        u64 bytes;
        const void *from = exec_weight(e->n->exec, i, &bytes);
        memcpy(block + at[i], from, bytes);
    }
    e->model.weights = block;
    return NASC_OK;
}

static bool bytes_of(struct emission *e, enum unit_form form, struct buf *out)
{
    struct buf why = {0};
    u64 t = clock_ns();
    bool ok = e->be->be->emit(e->be->inst, e->u, form, out, &why);
    session_clock(e->s, STAGE_CODE, t);
    if (!ok)
        session_complain(e->s, E0953, "backend `%s`: %s", e->be->name, why.at ? why.at : "it cannot make this file");
    buf_free(&why);
    return ok;
}

static bool kind(struct emission *e, enum emit_kind k, struct buf *out)
{
    const struct link_model l = {.mach = session_mach(e->s), .name = e->model.name, .weights = e->model.weights, .object = e->object.at,
                                 .nobject = e->object.n};
    switch (k) {
    case EMIT_OBJECT: buf_put(out, e->object.at, e->object.n); return true;
    case EMIT_HEADER: unit_header(out, e->u, 1, &e->model); return true;
    case EMIT_STATIC: archive(out, e->u, &e->object); return true;
    case EMIT_SHARED: return link_shared(e->s, &l, out);
    case EMIT_EXE: return link_executable(e->s, &l, out);
    case EMIT_ASM: return bytes_of(e, UNIT_ASM, out);
    case EMIT_LLVM: return bytes_of(e, UNIT_IR, out);
    case EMIT_KINDS: break;
    }
    BUG("no such kind of file");
}

static nasc_status emit_all(struct emission *e, const struct emit_options *o, u32 kinds, struct buf *out)
{
    nasc_status st = o->embed ? weights(e, o) : NASC_OK;
    bool object = false, ok = !st && (e->u = session_unit(e->s, e->n->a, e->be, e->model.name, 1, &e->model)) != NULL;
    for (u32 k = 0; k < EMIT_KINDS; k++)
        object |= kinds >> k & 1 && emit_rows[k].object;
    ok = ok && (!object || bytes_of(e, UNIT_OBJECT, &e->object));
    for (u32 k = 0; ok && k < EMIT_KINDS; k++)
        if (kinds >> k & 1)
            ok = kind(e, (enum emit_kind)k, &out[k]);
    buf_free(&e->object);
    return st ? st : ok ? NASC_OK : NASC_ENV;
}

/* NULL: what everything is compiled with. */
static const char *best(nasc_session *s)
{
    return !backend_there(s, "llvm") && backend_there(s, "gccjit") ? "gccjit" : NULL;
}

/* Before the work: what its instance makes. */
static bool makes(const struct emission *e, u32 kinds)
{
    static const char *const form[] = {[UNIT_OBJECT] = "objects", [UNIT_ASM] = "assembly", [UNIT_IR] = "LLVM IR"};
    const struct backend *be = e->be->be;
    u32 need = 0;
    for (u32 k = 0; k < EMIT_KINDS; k++)
        if (kinds >> k & 1)
            need |= k == EMIT_ASM ? 1u << UNIT_ASM : k == EMIT_LLVM ? 1u << UNIT_IR : emit_rows[k].object ? 1u << UNIT_OBJECT : 0;
    need &= ~be->forms;
    if (be->emit && !need)
        return true;
    struct diag *d = diag_add(&e->s->ds, E0953, (struct loc){0}, "backend `%s` makes no %s", e->be->name, be->emit ? form[__builtin_ctz(need)] : "files");
    if (backend_there(e->s, "llvm"))
        diag_hint(&e->s->ds, d, "`--backend llvm` does");
    else
        diag_hint(&e->s->ds, d, "`llvm` does, for which nasc needs to be built with LLVM%s", need & 1u << UNIT_IR ? "" : "; for this machine `gccjit`, with libgccjit");
    return false;
}

nasc_status emit_arch(nasc_arch *ar, const struct pass_options *po, const struct emit_options *o, u32 kinds, struct buf out[EMIT_KINDS])
{
    struct emission e = {.s = ar->s};
    nasc_record r;
    CHECK(!po->training && po->code != CODE_GENERIC && (!o->name || emit_name_ok(o->name)));
    if (!(e.be = session_backend(e.s, o->backend ? o->backend : best(e.s))))
        return NASC_ENV;
    if (!makes(&e, kinds))
        return NASC_ENV;
    nasc_arch_record(ar, &r);
    e.n = net_lower(e.s, arch_graph(ar), po);
    e.model = (struct unit_model){.name = o->name ? o->name : "model", .plan = e.n->plan, .arch = r.arch, .id = arena_strdup(e.n->a, r.id)};
    nasc_status st = emit_all(&e, o, kinds, out);
    nasc_net_free(e.n);
    return st;
}
