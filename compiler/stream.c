/* stream.c - see stream.h: ranges of samples given to threads, their records taken back in order. */
#include "compiler/stream_chunk.h"

#include "compiler/base/mem.h"
#include "compiler/pipeline.h"

#include <signal.h>
#include <stdlib.h>

enum { PLACES = 4 /* a thread */ };

/* The next range; false: there is none.  Its size follows the speed: a chunk is to be there soon, and not too small. */
static bool claim(struct stream *st, struct chunk *c)
{
    u64 left = st->o.samples ? st->o.samples - st->next : UINT64_MAX;
    u64 count = st->sample_ns ? CHUNK_NS / (st->sample_ns + 1) : 1;
    count = MIN(MAX(count, (u64)1), MIN(left, (u64)CHUNK_MOST));
    if (!count)
        return false;
    c->k = st->next;
    c->first = st->o.first + st->next;
    c->count = (u32)count;
    st->next += count;
    return true;
}

static void learn(struct stream *st, const struct chunk *c)
{
    u64 each = c->ns / MAX(c->count, 1u) + 1;
    st->sample_ns = st->sample_ns ? (3 * st->sample_ns + each) / 4 : each;
}

/* ---- a thread ---- */

static void work(struct drawer *w)
{
    struct stream *st = w->st;
    pthread_mutex_lock(&st->lock);
    for (;;) {
        while (!st->stop && st->claimed - st->taken >= st->nchunk)
            pthread_cond_wait(&st->room, &st->lock);
        struct chunk *c = &st->chunk[st->claimed % st->nchunk];
        if (st->stop || !claim(st, c))
            break;
        st->claimed++;
        pthread_mutex_unlock(&st->lock);
        chunk_draw(w, c);
        pthread_mutex_lock(&st->lock);
        c->done = true;
        learn(st, c);
        pthread_cond_signal(&st->ready);
    }
    pthread_mutex_unlock(&st->lock);
}

static void *live(void *of)
{
    struct drawer *w = of;
    struct stream *st = w->st;
    nasc_session *volatile s = NULL;
    struct bug_trap trap;
    bug_trap_push(&trap);
    if (setjmp(trap.back)) {
        pthread_mutex_lock(&st->lock);
        st->failed = true;
        st->trap = trap;
        pthread_cond_signal(&st->ready);
        pthread_mutex_unlock(&st->lock);
    } else {
        s = session_again(st->s);
        if (!s || !drawer_open(w, st, s))
            NO_MEMORY((u64)0, "a thread's session");
        work(w);
        bug_trap_pop(&trap);
    }
    w->s = s;
    return NULL;
}

static void start(struct stream *st)
{
    sigset_t all, was;
    st->nchunk = PLACES * st->o.threads;
    st->chunk = calloc(st->nchunk, sizeof *st->chunk);
    st->drawer = calloc(st->o.threads, sizeof *st->drawer);
    if (!st->chunk || !st->drawer)
        NO_MEMORY((u64)st->nchunk * sizeof *st->chunk, "samples");
    sigfillset(&all);                           /* signals are the caller's */
    pthread_sigmask(SIG_SETMASK, &all, &was);
    for (; st->nthread < st->o.threads; st->nthread++) {
        st->drawer[st->nthread].st = st;
        if (pthread_create(&st->drawer[st->nthread].thread, NULL, live, &st->drawer[st->nthread]))
            break;
    }
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    if (!st->nthread)
        NO_MEMORY((u64)0, "a thread");
}

static void finish(struct stream *st)
{
    pthread_mutex_lock(&st->lock);
    st->stop = true;
    pthread_cond_broadcast(&st->room);
    pthread_mutex_unlock(&st->lock);
    for (u32 i = 0; i < st->nthread; i++) {
        struct drawer *w = &st->drawer[i];
        pthread_join(w->thread, NULL);
        for (u32 k = 0; w->s && k < STAGES; k++) {
            st->s->clock[k].ns += w->s->clock[k].ns;
            st->s->clock[k].n += w->s->clock[k].n;
        }
        drawer_close(w);
        nasc_close(w->s);
    }
    for (u32 i = 0; i < st->nchunk; i++) {
        buf_free(&st->chunk[i].archs);
        buf_free(&st->chunk[i].rows);
    }
    free(st->chunk);
    free(st->drawer);
}

/* ---- the reader ---- */

struct stream *stream_open(nasc_session *s, const struct stream_options *o)
{
    struct stream *st = calloc(1, sizeof *st);
    if (!st)
        NO_MEMORY(sizeof *st, "samples");
    st->s = s;
    st->o = *o;
    pthread_mutex_init(&st->lock, NULL);
    pthread_cond_init(&st->room, NULL);
    pthread_cond_init(&st->ready, NULL);
    st->need_id = o->id || o->unique;
    st->need_arch = o->arch;
    bool ok = drawer_open(&st->self, st, s);
    if (ok && st->self.where) {
        st->need_id |= filter_reads(st->self.where, SF_ID);
        st->need_arch |= filter_reads(st->self.where, SF_ARCH);
        ok = !st->need_arch || session_notation(s);
    }
    if (!ok) {
        stream_close(st);
        return NULL;
    }
    if (o->threads > 1 && !o->all) {
        start(st);
    } else if (!(st->nchunk = 1, st->chunk = calloc(1, sizeof *st->chunk))) {
        NO_MEMORY(sizeof *st->chunk, "samples");
    }
    return st;
}

void stream_close(struct stream *st)
{
    if (!st)
        return;
    finish(st);
    drawer_close(&st->self);
    idset_free(&st->seen);
    pthread_cond_destroy(&st->room);
    pthread_cond_destroy(&st->ready);
    pthread_mutex_destroy(&st->lock);
    free(st);
}

/* The next chunk, drawn or waited for.  NULL: there is none, or no thread to draw it. */
static struct chunk *next_chunk(struct stream *st)
{
    struct chunk *c = st->chunk;
    if (!st->nthread) {
        if (!claim(st, c))
            return NULL;
        chunk_draw(&st->self, c);
        learn(st, c);
        return c;
    }
    pthread_mutex_lock(&st->lock);
    c = &st->chunk[st->taken % st->nchunk];
    while (!st->failed && !c->done && (st->taken < st->claimed || !st->o.samples || st->next < st->o.samples))
        pthread_cond_wait(&st->ready, &st->lock);
    if (st->failed || !c->done)
        c = NULL;
    pthread_mutex_unlock(&st->lock);
    return c;
}

static void give_back(struct stream *st)
{
    if (!st->nthread)
        return;
    pthread_mutex_lock(&st->lock);
    st->at->done = false;
    st->taken++;
    pthread_cond_signal(&st->room);
    pthread_mutex_unlock(&st->lock);
}

/* The first n samples of the chunk have been looked at. */
static void look(struct stream *st, const struct chunk *c, u64 n)
{
    st->now.samples = c->k + n;
    st->now.drawn = st->before.drawn;
    sampler_stats_add(&st->now.drawn, &c->upto[n].stats);
    st->now.passed = st->before.passed + c->upto[n].passed;
}

/* There is no record between the last and sample k of the stream: was that too long? */
static bool dry(struct stream *st, const struct chunk *c, u64 k)
{
    if (!st->o.tries || k - st->last <= st->o.tries)
        return false;
    look(st, c, st->last + st->o.tries - c->k);
    st->now.ran_dry = st->over = true;
    return true;
}

/* A chunk has ended without a sample: the same again in the caller's session, which says why. */
static nasc_status no_sample(struct stream *st, const struct chunk *c)
{
    u64 index = c->first + c->count - 1;
    struct sample drawn;
    if (st->nthread && sampler_draw(st->self.sampler, index, &drawn))       /* without threads it has said so already */
        BUG("sample %llu can be drawn in one thread only", (unsigned long long)index);
    session_no_sample(st->s, st->o.seed, index, c->upto[c->count].stats.attempts - c->upto[c->count - 1].stats.attempts);
    return NASC_WRONG;
}

/* What ends with the chunk under way; sets st->over where the stream does. */
static nasc_status leave_chunk(struct stream *st)
{
    struct chunk *c = st->at;
    if (c->end != CHUNK_TRAPPED && dry(st, c, c->k + c->count))
        return NASC_OK;
    if (c->end != CHUNK_TRAPPED)
        look(st, c, c->count);
    st->before = st->now;
    st->over = c->end != CHUNK_WHOLE;
    if (c->end == CHUNK_TRAPPED)
        return session_trapped(st->s, &c->trap);
    if (c->end == CHUNK_NO_SAMPLE)
        return no_sample(st, c);
    give_back(st);
    st->at = NULL;
    return NASC_OK;
}

static void fill(struct stream *st, const struct chunk *c, const struct item *it, struct stream_record *r)
{
    hash128_hex(it->id, st->id);
    *r = (struct stream_record){
        .index = it->index,
        .r = {.space = st->s->space->set->d.name, .arch = st->need_arch ? c->archs.at + it->arch : NULL, .logp = it->logp, .depth = it->depth,
              .nodes = it->nodes, .params = it->params, .macs = it->macs},
        .text = st->o.render ? c->rows.at + it->text : NULL, .len = it->len,
    };
    memcpy(r->r.id, st->need_id ? st->id : "", st->need_id ? sizeof r->r.id : 1);
}

nasc_status stream_next(struct stream *st, struct stream_record *r, bool *more)
{
    *more = false;
    while (!st->over) {
        if (!st->at) {
            st->at = next_chunk(st);
            st->pos = 0;
            st->over = !st->at;
            if (st->failed)
                return session_trapped(st->s, &st->trap);
            continue;
        }
        struct chunk *c = st->at;
        if (st->pos == c->n) {
            nasc_status s = leave_chunk(st);
            if (s)
                return s;
            continue;
        }
        const struct item *it = &c->item[st->pos++];
        u64 n = it->index - c->first + 1;
        if (dry(st, c, c->k + n))
            break;
        if (st->o.unique && !idset_add(&st->seen, it->id))
            continue;
        look(st, c, n);
        st->last = c->k + n;
        st->now.records++;
        fill(st, c, it, r);
        *more = true;
        return NASC_OK;
    }
    return NASC_OK;
}

bool stream_waits(const struct stream *st)
{
    return !st->at || st->pos == st->at->n;
}

void stream_totals(const struct stream *st, struct stream_totals *t)
{
    *t = st->now;
}
