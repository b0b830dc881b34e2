/* stream_api.c - streams of samples for programs (nasc.h). */
#include "compiler/api.h"
#include "compiler/stream.h"

struct nasc_stream { nasc_session *s; struct arena *a; struct stream *st; };

nasc_status nasc_stream_open(nasc_session *s, uint64_t seed, uint64_t first, const nasc_stream_options *o, nasc_stream **out)
{
    static const nasc_stream_options none;
    API_ENTER(s);
    *out = NULL;
    if (!s->space)
        API_LEAVE(s, NASC_USAGE);
    const nasc_stream_options *by = o ? o : &none;
    struct arena *a = arena_new_in(s->a, "stream");
    nasc_stream *st = NEW(a, nasc_stream);
    struct stream_options so = {.seed = seed, .first = first, .samples = by->samples, .threads = by->threads, .unique = by->unique,
                                .tries = by->tries, .id = true, .arch = true};
    so.where = by->where ? arena_strdup(a, by->where) : NULL;
    *st = (nasc_stream){s, a, stream_open(s, &so)};
    if (st->st)
        *out = st;
    else
        arena_free(a);
    API_LEAVE(s, *out ? NASC_OK : NASC_WRONG);
}

nasc_status nasc_stream_next(nasc_stream *st, nasc_record *r, uint64_t *index, bool *more)
{
    API_ENTER(st->s);
    struct stream_record got;
    nasc_status status = stream_next(st->st, &got, more);
    if (*more) {
        *r = got.r;
        *index = got.index;
    }
    API_LEAVE(st->s, status);
}

void nasc_stream_count(const nasc_stream *st, uint64_t *samples, uint64_t *attempts)
{
    struct stream_totals t;
    stream_totals(st->st, &t);
    *samples = t.samples;
    *attempts = t.drawn.attempts;
}

void nasc_stream_close(nasc_stream *st)
{
    if (!st)
        return;
    stream_close(st->st);
    arena_free(st->a);
}
