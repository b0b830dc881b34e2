/* stream_draw.c - a range of samples, drawn in one thread, into a chunk. */
#include "compiler/stream_chunk.h"

#include "compiler/base/clock.h"
#include "compiler/pipeline.h"
#include "grammar/enumerate.h"

static void cells_of(const struct stream *st, const nasc_session *s, const struct chunk *c, const struct item *it, const char *id, struct out_cell *cell)
{
    cell[SF_SPACE].s = s->space->set->d.name;
    cell[SF_SEED] = (struct out_cell){.none = st->o.all, .u = st->o.seed};
    cell[SF_INDEX].u = it->index;
    cell[SF_ID] = (struct out_cell){.none = !st->need_id, .s = id};
    cell[SF_LOGP].r = it->logp;
    cell[SF_DEPTH].u = it->depth;
    cell[SF_NODES].u = it->nodes;
    cell[SF_PARAMS].c = it->params;
    cell[SF_MACS].c = it->macs;
    cell[SF_ARCH] = (struct out_cell){.none = !st->need_arch, .s = st->need_arch ? c->archs.at + it->arch : ""};
}

static void identify(struct drawer *w, const struct sample *d, struct item *it, char hex[33])
{
    arena_clear(w->a);
    struct arch *graph = w->all ? derive_graph(w->a, w->s->g, w->s->space, d->ndecided, d->decided, NULL, NULL) : sampler_graph(w->sampler, w->a);
    it->id = arch_canon(session_canon(w->s), graph).id;
    hash128_hex(it->id, hex);
}

/* The record of one sample behind those that the chunk has; taken back where it does not pass. */
static bool take(struct drawer *w, struct chunk *c, u64 index, const struct sample *d)
{
    const struct stream *st = w->st;
    struct item *it = &c->item[c->n];
    size_t begin = c->archs.n;
    char hex[33] = "";
    struct out_cell cell[STREAM_NFIELD] = {{0}};
    *it = (struct item){.index = index, .logp = d->logp, .depth = d->depth, .nodes = d->nodes, .params = d->count.params, .macs = d->count.macs, .arch = begin};
    if (st->need_arch) {
        if (w->all)
            enumerate_text(w->all, session_notation(w->s), &c->archs);
        else
            sampler_text(w->sampler, session_notation(w->s), &c->archs);
        buf_putc(&c->archs, 0);
    }
    bool late = w->where && !filter_reads(w->where, SF_ID);     /* an id costs more than the rest of a record */
    if (st->need_id && !late)
        identify(w, d, it, hex);
    cells_of(st, w->s, c, it, hex, cell);
    if (w->where && !filter_pass(w->where, cell)) {
        c->archs.n = begin;
        return false;
    }
    if (st->need_id && late)
        identify(w, d, it, hex);
    it->text = c->rows.n;
    if (st->o.render)
        st->o.render(st->o.ctx, &c->rows, cell);
    it->len = c->rows.n - it->text;
    c->n++;
    return true;
}

static void draw_stats(const struct drawer *w, struct sampler_stats *s)
{
    u64 failed;
    if (!w->all) {
        *s = *sampler_stats(w->sampler);
        return;
    }
    enumerate_counts(w->all, &s->samples, &failed);
    s->attempts = s->samples + failed;
}

void chunk_draw(struct drawer *w, struct chunk *c)
{
    struct bug_trap trap;
    nasc_session *s = w->s;
    c->n = 0;
    c->upto[0] = (struct drawn){0};
    c->end = CHUNK_WHOLE;
    buf_clear(&c->archs);
    buf_clear(&c->rows);
    u64 t = clock_ns(), cpu = clock_thread();
    bug_trap_push(&trap);
    if (setjmp(trap.back)) {
        c->end = CHUNK_TRAPPED;
        c->trap = trap;
        return;
    }
    struct sampler_stats before = {0}, after = {0};
    draw_stats(w, &before);
    for (u32 k = 0; k < c->count; k++) {
        struct sample drawn;
        struct drawn *now = &c->upto[k + 1];
        now->passed = c->upto[k].passed;
        u64 index = c->first + k;       /* may go around */
        bool got = w->all ? enumerate_next(w->all, &drawn) : sampler_draw(w->sampler, index, &drawn);
        draw_stats(w, &after);
        now->stats = after;
        sampler_stats_sub(&now->stats, &before);
        if (!got) {
            c->end = w->all ? CHUNK_LAST : CHUNK_NO_SAMPLE;
            c->count = k + !w->all;
            break;
        }
        now->passed += take(w, c, index, &drawn);
    }
    bug_trap_pop(&trap);
    c->ns = clock_thread() - cpu;
    s->clock[STAGE_DERIVE].ns += clock_ns() - t;
    s->clock[STAGE_DERIVE].n += c->count;
}

/* False after complaining that there is no end to them. */
static bool begin_all(struct drawer *w)
{
    struct sample skipped;
    w->all = enumerate_open(w->s->g, w->s->space, w->st->o.most_depth);
    for (u64 i = 0; w->all && i < w->st->o.first && enumerate_next(w->all, &skipped); i++)
        ;
    return w->all;
}

bool drawer_open(struct drawer *w, struct stream *st, nasc_session *s)
{
    w->st = st;
    w->s = s;
    s->g->keep = s->archs;
    if (!st->o.all)
        w->sampler = sampler_open(s->g, s->space, s->law, st->o.seed);
    w->a = arena_new("samples");
    if (st->need_arch && !session_notation(s))
        return false;
    if (st->o.all && !begin_all(w))
        return false;
    if (!st->o.where)
        return true;
    static const struct field field[] = {
#define X(id, name, kind) {name, kind},
        STREAM_FIELDS(X)
#undef X
    };
    w->where = filter_compile(&s->ds, srcs_add(s->srcs, "<--where>", st->o.where, strlen(st->o.where)), COUNTOF(field), field);
    return w->where;
}

void drawer_close(struct drawer *w)
{
    filter_free(w->where);
    sampler_close(w->sampler);
    enumerate_close(w->all);
    arena_free(w->a);
}
