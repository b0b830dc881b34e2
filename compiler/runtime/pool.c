/* pool.c - threads that share the work of a call.
 *
 * A job is open while its caller works: threads enter it (state counts them), take chunks of its range until none is left, and
 * leave.  The caller takes chunks, too, closes the job, and waits for those inside; a thread that has not woken by then is not waited for, and cannot
 * touch the next job before that is open.
 *
 * Each thread begins with a part of the range that is its own and then helps others with theirs: what it wrote in one job is mostly what it reads in
 * the next, and need not come from another processor's cache. */
#define _GNU_SOURCE
#include "rt.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPINS = 5000, CHUNKS = 4 };      /* spins: 50 to 200 us, more than between two shared launches; chunks of a thread's part */
#define OPEN ((uint64_t)1 << 31)        /* state: number of the job << 32 | OPEN | threads inside */

struct worker { _Alignas(64) _Atomic int64_t next; nrt_pool *pool; uint32_t number; pthread_t thread; };    /* next: of its part of the open job */
struct nrt_pool {
    nasc_parallel par;
    uint32_t spins, nworker;
    struct worker *worker;              /* [nworker]; 0 is the caller and has no thread */
    nasc_range body; void *arg; int64_t n, chunk;       /* of the open job */
    _Alignas(64) _Atomic uint64_t state;
    _Alignas(64) atomic_uint sleepers;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

uint32_t nrt_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (uint32_t)n : 1;
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Where the k-th thread's part begins. */
static int64_t part(const nrt_pool *p, int64_t k)
{
    int64_t rest = p->n % p->nworker;
    return p->n / p->nworker * k + (k < rest ? k : rest);
}

static void work(nrt_pool *p, uint32_t worker)
{
    for (uint32_t k = 0; k < p->nworker; k++) {
        uint32_t of = (worker + k) % p->nworker;
        int64_t end = part(p, of + (int64_t)1);
        for (int64_t lo; (lo = atomic_fetch_add(&p->worker[of].next, p->chunk)) < end;)
            p->body(p->arg, lo, end - lo < p->chunk ? end : lo + p->chunk, worker);
    }
}

/* Is there a job that this thread has not seen? */
static bool news(nrt_pool *p, uint32_t seen)
{
    uint64_t s = atomic_load(&p->state);
    return ((s & OPEN) && (uint32_t)(s >> 32) != seen) || atomic_load(&p->stop);
}

static void wait_for_news(nrt_pool *p, uint32_t seen)
{
    for (uint32_t i = 0; i < p->spins; i++) {
        if (news(p, seen))
            return;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (!news(p, seen))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *live(void *of)
{
    struct worker *w = of;
    nrt_pool *p = w->pool;
    uint32_t seen = 0;
    while (!atomic_load(&p->stop)) {
        wait_for_news(p, seen);
        uint64_t s = atomic_load(&p->state);
        while ((s & OPEN) && (uint32_t)(s >> 32) != seen)
            if (atomic_compare_exchange_weak(&p->state, &s, s + 1)) {
                seen = (uint32_t)(s >> 32);
                work(p, w->number);
                atomic_fetch_sub(&p->state, 1);
                break;
            }
    }
    return NULL;
}

static void wake_all(nrt_pool *p)
{
    if (!atomic_load(&p->sleepers))
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

/* nasc_parallel.run */
static void run(void *ctx, int64_t n, nasc_range body, void *arg)
{
    nrt_pool *p = ctx;
    int64_t pieces = (int64_t)p->nworker * CHUNKS;
    p->body = body;
    p->arg = arg;
    p->n = n;
    p->chunk = n / pieces + (n % pieces != 0);
    for (uint32_t k = 0; k < p->nworker; k++)
        atomic_store(&p->worker[k].next, part(p, k));
    uint64_t number = (atomic_load(&p->state) >> 32) + 1;
    atomic_store(&p->state, (uint64_t)(uint32_t)number << 32 | OPEN);
    wake_all(p);
    work(p, 0);
    atomic_fetch_and(&p->state, ~OPEN);
    for (uint32_t i = 0; (uint32_t)atomic_load(&p->state); i++)
        if (i < p->spins)
            relax();
        else
            sched_yield();
}

nrt_pool *nrt_pool_new(uint32_t threads, nrt_error *e)
{
    nrt_pool *p = nrt_alloc(sizeof *p, e);
    if (!p)
        return NULL;
    *p = (nrt_pool){ .par = { p, threads, run }, .spins = threads > nrt_processors() ? 0 : SPINS };
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->worker = nrt_alloc(threads * sizeof *p->worker, e);
    if (p->worker)
        memset(p->worker, 0, threads * sizeof *p->worker);
    for (p->nworker = 1; p->worker && p->nworker < threads; p->nworker++) {
        struct worker *w = &p->worker[p->nworker];
        w->pool = p;
        w->number = p->nworker;
        if (pthread_create(&w->thread, NULL, live, w))
            break;
    }
    if (!p->worker || p->nworker < threads) {
        nrt_fail_env(e, "%u threads could not be started", threads);
        nrt_pool_free(p);
        return NULL;
    }
    return p;
}

const nasc_parallel *nrt_pool_parallel(nrt_pool *p)
{
    return &p->par;
}

void nrt_pool_free(nrt_pool *p)
{
    if (!p)
        return;
    atomic_store(&p->stop, true);
    wake_all(p);
    for (uint32_t i = 1; i < p->nworker; i++)
        pthread_join(p->worker[i].thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p->worker);
    free(p);
}
