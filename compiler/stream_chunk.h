/* stream_chunk.h - what the threads of a stream hand over (stream*.c only). */
#ifndef NASC_STREAM_CHUNK_H
#define NASC_STREAM_CHUNK_H
#include "compiler/idset.h"
#include "compiler/stream.h"

#include <pthread.h>

enum { CHUNK_MOST = 256, CHUNK_NS = 20000000 /* of drawing, about */ };

/* A sample that passed. */
struct item {
    u64 index;
    double logp; u64 depth, nodes; u128 params, macs; struct hash128 id;
    size_t arch;                        /* in the chunk's archs */
    size_t text, len;                   /* in its rows */
};
enum chunk_end { CHUNK_WHOLE, CHUNK_NO_SAMPLE /* the last of them could not be drawn */, CHUNK_TRAPPED, CHUNK_LAST /* there are no more */ };
struct chunk {
    u64 k;                              /* number of its first sample among those of the stream */
    u64 first; u32 count;               /* samples first .. first + count - 1 */
    u32 n; struct item item[CHUNK_MOST];
    struct buf archs, rows;
    struct drawn { u64 passed; struct sampler_stats stats; } upto[CHUNK_MOST + 1];      /* of its first i samples */
    u64 ns;                             /* of its thread, whoever else uses the processor */
    enum chunk_end end; struct bug_trap trap;
    bool done;
};

/* What a thread draws with.  `thread` and `st` are set before it runs. */
struct drawer {
    struct stream *st;
    nasc_session *s;
    struct sampler *sampler;
    struct enumeration *all;            /* instead of it */
    struct arena *a;                    /* a sample's graph */
    struct filter *where;
    pthread_t thread;
};
bool drawer_open(struct drawer *w, struct stream *st, nasc_session *s);         /* false: the session says why */
void drawer_close(struct drawer *w);
void chunk_draw(struct drawer *w, struct chunk *c);

struct stream {
    nasc_session *s;
    struct stream_options o;
    bool need_id, need_arch;
    struct drawer self;                 /* the caller's */
    /* the reader's side */
    struct chunk *at; u32 pos;          /* under way */
    u64 last;                           /* samples up to the last record */
    bool over;
    struct idset seen;
    struct stream_totals before, now;   /* of whole chunks; of what has been looked at */
    char id[33];
    /* the threads' side, under lock but for a chunk's contents */
    pthread_mutex_t lock; pthread_cond_t room, ready;
    u32 nthread; struct drawer *drawer;
    u32 nchunk; struct chunk *chunk;    /* chunk number c has place c % nchunk */
    u64 claimed, taken;                 /* chunks */
    u64 next;                           /* samples claimed */
    u64 sample_ns;                      /* what a sample takes, about; 0: not known yet */
    bool stop, failed; struct bug_trap trap;
};

#endif
