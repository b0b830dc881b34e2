/* unit_describe.c - the description of a model as data of its unit: a nasc_model (runtime/nasc_model.h) with all it points to.
 *
 * Every target has the layout of this machine: little-endian, addresses of 8 bytes. */
#include "compiler/unit_build.h"

#include "compiler/base/arena.h"
#include "compiler/runtime/nasc_model.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(void *) == 8 && sizeof(nasc_tensor) == 40, "the layout of the targets");

/* Bytes with addresses in them, under construction. */
struct piece { struct unit *u; u8 *at; u64 bytes; VEC(struct unit_ref) ref; };

static struct piece piece_of(struct unit *u, u64 bytes)
{
    return (struct piece){.u = u, .at = arena_alloc(u->a, bytes + 1), .bytes = bytes};
}

static u32 close_piece(struct piece *p, const char *name, bool global, u32 align)
{
    struct unit_data d = {.name = name, .global = global, .align = align, .bytes = p->bytes, .at = p->at, .nref = p->ref.n, .ref = p->ref.at};
    vec_push(p->u->a, &p->u->data, d);
    return p->u->data.n - 1;
}

/* Addresses go in from low places to high ones. */
static void refer(struct piece *p, u64 at, bool fn, u32 index, u64 addend)
{
    struct unit_ref r = {.at = at, .fn = fn, .index = index, .addend = addend};
    CHECK(!p->ref.n || p->ref.at[p->ref.n - 1].at < at);
    vec_push(p->u->a, &p->ref, r);
}

/* All texts of a model, one after the other. */
struct texts { struct buf b; u32 data; };
static u64 text(struct texts *t, const char *s)
{
    u64 at = t->b.n;
    buf_put(&t->b, s ? s : "", strlen(s ? s : "") + 1);
    return at;
}

struct tensors { u32 n; nasc_tensor *at; i64 *extent; u32 nextent; u64 *name; u32 *first; };

static void tensor(struct tensors *s, struct texts *t, const struct plan *p, u32 buf, u64 offset)
{
    const struct ein_tens *e = &p->ein->tens.at[p->buf.at[buf].tens];
    nasc_tensor *to = &s->at[s->n];
    *to = (nasc_tensor){.dtype = e->dtype, .offset = offset, .bytes = dtype_bytes((enum dtype)e->dtype)};
    s->name[s->n] = text(t, e->name);
    s->first[s->n++] = s->nextent;
    for (u32 d = 0; d < e->ndim; d++)
        if (e->dim[d] > 0) {            /* not the batch */
            s->extent[s->nextent++] = e->dim[d];
            to->rank++;
            to->bytes *= (u64)e->dim[d];
        }
}

static u32 tensor_data(struct unit *u, const char *model, const struct tensors *s, u32 texts)
{
    struct piece extents = piece_of(u, s->nextent * sizeof(i64)), all = piece_of(u, s->n * sizeof(nasc_tensor));
    memcpy(extents.at, s->extent, extents.bytes);
    u32 at = close_piece(&extents, arena_printf(u->a, "extents_%s", model), false, 8);
    memcpy(all.at, s->at, all.bytes);
    for (u32 i = 0; i < s->n; i++) {
        refer(&all, i * sizeof(nasc_tensor) + offsetof(nasc_tensor, name), false, texts, s->name[i]);
        refer(&all, i * sizeof(nasc_tensor) + offsetof(nasc_tensor, extent), false, at, s->first[i] * sizeof(i64));
    }
    return close_piece(&all, arena_printf(u->a, "tensors_%s", model), false, 8);
}

void unit_describe(struct unit *u, const struct unit_model *x, const struct mach *m, const char *compiler, const struct unit_sizes *size, u32 load, u32 forward)
{
    const struct plan *p = x->plan;
    struct texts t = {0};
    u32 n = p->nin + p->nout + p->weight.n, most = 1;
    for (u32 i = 0; i < p->buf.n; i++)
        most = MAX(most, p->buf.at[i].lay.n);
    struct tensors s = {.at = NEW_ARRAY(u->a, nasc_tensor, n), .extent = NEW_ARRAY(u->a, i64, (u64)n * most), .name = NEW_ARRAY(u->a, u64, n),
                        .first = NEW_ARRAY(u->a, u32, n)};
    u64 *offset = NEW_ARRAY(u->a, u64, p->weight.n + 1);
    unit_weights(p, offset);
    for (u32 i = 0; i < p->nin; i++)
        tensor(&s, &t, p, p->in[i], 0);
    for (u32 i = 0; i < p->nout; i++)
        tensor(&s, &t, p, p->out[i], 0);
    for (u32 i = 0; i < p->weight.n; i++)
        tensor(&s, &t, p, p->weight.at[i], offset[i]);
    const struct { u64 at; const char *text; } word[] = {
        {offsetof(nasc_model, name), x->name}, {offsetof(nasc_model, id), x->id}, {offsetof(nasc_model, arch), x->arch},
        {offsetof(nasc_model, target), m->name && strcmp(m->name, "native") != 0 ? m->name : m->triple}, {offsetof(nasc_model, cpu), m->cpu}, {offsetof(nasc_model, features), m->features},
        {offsetof(nasc_model, compiler), compiler},
    };
    u64 word_at[COUNTOF(word)];
    for (u32 i = 0; i < COUNTOF(word); i++)
        word_at[i] = text(&t, word[i].text);
    struct piece texts = piece_of(u, t.b.n);
    memcpy(texts.at, t.b.at, t.b.n);
    buf_free(&t.b);
    u32 text_data = close_piece(&texts, arena_printf(u->a, "text_%s", x->name), false, 1), tensors = tensor_data(u, x->name, &s, text_data);
    nasc_model d = {
        .abi = NASC_MODEL_ABI, .ninput = p->nin, .noutput = p->nout, .nweight = p->weight.n, .vector_bits = m->least_bits,
        .weights_bytes = size->weights, .packed_bytes = size->packed, .sample_bytes = size->sample, .worker_bytes = size->worker,
    };
    struct piece all = piece_of(u, sizeof d);
    memcpy(all.at, &d, sizeof d);
    for (u32 i = 0; i < COUNTOF(word); i++)
        refer(&all, word[i].at, false, text_data, word_at[i]);
    refer(&all, offsetof(nasc_model, input), false, tensors, 0);
    refer(&all, offsetof(nasc_model, output), false, tensors, p->nin * sizeof(nasc_tensor));
    refer(&all, offsetof(nasc_model, weight), false, tensors, (p->nin + p->nout) * sizeof(nasc_tensor));
    refer(&all, offsetof(nasc_model, load), true, load, 0);
    refer(&all, offsetof(nasc_model, forward), true, forward, 0);
    close_piece(&all, arena_printf(u->a, "%s_model", x->name), true, 8);
}

bool unit_sizes_of(const struct unit *u, const char *model, struct unit_sizes *out)
{
    size_t n = strlen(model);
    for (u32 i = 0; i < u->data.n; i++) {
        const struct unit_data *d = &u->data.at[i];
        if (!d->global || d->bytes != sizeof(nasc_model) || strncmp(d->name, model, n) != 0 || strcmp(d->name + n, "_model") != 0)
            continue;
        nasc_model m;
        memcpy(&m, d->at, sizeof m);
        *out = (struct unit_sizes){m.weights_bytes, m.packed_bytes, m.sample_bytes, m.worker_bytes};
        return true;
    }
    return false;
}
