/* stream.h - samples in order, drawn by several threads: the records that pass a condition, without those that were there before.
 *
 * Sample i is a pure function of seed and i.  Threads take ranges of numbers, each with a session of its own; their records come
 * out in the order of the numbers, so what comes out, when it ends and what goes wrong do not depend on how many there are.
 * Memory is bounded: ranges not yet taken out are as many as there are places for. */
#ifndef NASC_STREAM_H
#define NASC_STREAM_H
#include "compiler/filter.h"
#include "compiler/session.h"

/* Fields of a sample's record, X(id, name, kind): what a condition may name, in the order of the cells. */
#define STREAM_FIELDS(X)                                                                                                \
    X(SF_SPACE, "space", OUT_STR) X(SF_SEED, "seed", OUT_U64) X(SF_INDEX, "index", OUT_U64) X(SF_ID, "id", OUT_STR)  \
    X(SF_LOGP, "logp", OUT_REAL) X(SF_DEPTH, "depth", OUT_U64) X(SF_NODES, "nodes", OUT_U64)                            \
    X(SF_PARAMS, "params", OUT_COUNT) X(SF_MACS, "macs", OUT_COUNT) X(SF_ARCH, "arch", OUT_STR)
enum {
#define X(id, name, kind) id,
    STREAM_FIELDS(X)
#undef X
    STREAM_NFIELD
};

struct stream_options {
    u64 seed, first;
    u64 samples;                        /* to be drawn at most; 0: no bound */
    u32 threads;                        /* 0: one, the caller's */
    bool all;                           /* not samples: every derivation once (grammar/enumerate.h), one thread; the first `first` left out */
    u32 most_depth;                     /* all: no deeper ones; 0: as the limits say */
    const char *where;                  /* NULL: every record */
    bool unique;
    u64 tries;                          /* samples in a row without a record, after which it ends; 0: no bound */
    bool id, arch;                      /* must a record have them? */
    /* Called by the threads for each record that passes; the text comes out with it. NULL: none. */
    void (*render)(void *ctx, struct buf *b, const struct out_cell *cell);
    void *ctx;
};
struct stream_record {
    u64 index;
    nasc_record r;                      /* strings until the next call */
    const char *text; size_t len;       /* rendered */
};
/* Of the samples looked at. */
struct stream_totals { u64 samples, passed, records; struct sampler_stats drawn; bool ran_dry; /* ended by `tries` */ };

struct stream;
/* The session has a space.  NULL after complaining.  Until stream_close the session is used for nothing else. */
struct stream *stream_open(nasc_session *s, const struct stream_options *o);
/* The next record.  *more false: there is none. */
nasc_status stream_next(struct stream *st, struct stream_record *r, bool *more);
/* May stream_next have to wait?  Then what has been made of earlier records should be put out before. */
bool stream_waits(const struct stream *st);
void stream_totals(const struct stream *st, struct stream_totals *t);
void stream_close(struct stream *st);

#endif
