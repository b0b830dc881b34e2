/* exec_pool.c - see exec_pool.h.
 *
 * Each thread has a counter of turns on a cache line of its own: the caller raises those of the threads it wants, and waits until
 * `left` is zero.  The order of "turn raised, sleepers read" here and "sleeper counted, turn read" there loses no turn.  A turn is
 * done by who counts `taken` up to it: a thread that has not begun when the caller is through with its own part (another program has
 * the processor) finds its turn done by the caller, and is not waited for. */
#define _GNU_SOURCE
#include "compiler/exec_pool.h"

#include "compiler/fp_mode.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPINS = 1000 };                  /* some 50 us: longer than the gap between two commands, shorter than a nap costs */

struct worker {
    _Alignas(128) atomic_uint turn;
    atomic_uint taken;                  /* the last turn that somebody does or did; behind `turn` by one at most */
    struct exec_pool *pool; u32 part;
    pthread_t thread;
};
struct exec_pool {
    u32 n;
    bool crowded;                       /* more threads than processors: whoever looks for work takes it from those who have some */
    struct worker *worker;              /* [n]; 0 is the caller and has no thread */
    void (*work)(void *, u32); void *ctx; u64 fp;
    _Alignas(128) atomic_uint left;
    _Alignas(128) atomic_uint sleepers;
    atomic_bool stop;
    pthread_mutex_t lock; pthread_cond_t wake;
    bool failed, memory; char text[512];        /* under lock */
};

u32 exec_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (u32)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (u32)n : 1;
}

static void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void await_turn(struct worker *w, u32 seen)
{
    struct exec_pool *p = w->pool;
    for (u32 i = 0; i < (p->crowded ? 0 : SPINS); i++) {
        if (atomic_load_explicit(&w->turn, memory_order_acquire) != seen)
            return;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (atomic_load(&w->turn) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void one_turn(struct worker *w)
{
    struct exec_pool *p = w->pool;
    struct bug_trap trap;
    bug_trap_push(&trap);
    if (!setjmp(trap.back)) {
        if (fp_mode_get() != p->fp)
            fp_mode_set(p->fp);
        p->work(p->ctx, w->part);
        bug_trap_pop(&trap);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->failed = true;
    p->memory = trap.memory;
    memcpy(p->text, trap.text, sizeof p->text);
    pthread_mutex_unlock(&p->lock);
}

/* Is turn t of w the asker's to do?  Once yes, for whoever asks first. */
static bool take(struct worker *w, u32 t)
{
    u32 before = t - 1;
    return atomic_compare_exchange_strong(&w->taken, &before, t);
}

static void *live(void *of)
{
    struct worker *w = of;
    for (u32 seen = 0;;) {
        await_turn(w, seen);
        seen = atomic_load_explicit(&w->turn, memory_order_acquire);
        if (atomic_load(&w->pool->stop))
            return NULL;
        if (!take(w, seen))
            continue;
        one_turn(w);
        atomic_fetch_sub_explicit(&w->pool->left, 1, memory_order_release);
    }
}

/* Thread `part` onto the part-th processor behind the one the caller is on. */
static void pin(pthread_t t, u32 part)
{
    cpu_set_t may, one;
    if (sched_getaffinity(0, sizeof may, &may))
        return;
    int cpu = sched_getcpu();
    if (cpu < 0 || CPU_COUNT(&may) < 1)
        return;
    for (u32 k = 0; k < part;) {
        cpu = (cpu + 1) % CPU_SETSIZE;
        k += CPU_ISSET(cpu, &may) ? 1 : 0;
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(t, sizeof one, &one);        /* what cannot be had is done without */
}

struct exec_pool *exec_pool_new(u32 n)
{
    struct exec_pool *p = aligned_alloc(128, sizeof *p);
    struct worker *w = aligned_alloc(128, n * sizeof *w);
    if (!p || !w) {
        free(p);
        free(w);
        return NULL;
    }
    memset(p, 0, sizeof *p);
    memset(w, 0, n * sizeof *w);
    p->worker = w;
    p->crowded = n > exec_cpus();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (p->n = 1; p->n < n; p->n++) {
        w[p->n].pool = p;
        w[p->n].part = p->n;
        if (pthread_create(&w[p->n].thread, NULL, live, &w[p->n])) {
            exec_pool_free(p);
            return NULL;
        }
        if (!p->crowded)
            pin(w[p->n].thread, p->n);
    }
    return p;
}

static void raise_turns(struct exec_pool *p, u32 parts)
{
    for (u32 i = 1; i < parts; i++)
        atomic_fetch_add(&p->worker[i].turn, 1);
    if (atomic_load(&p->sleepers)) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
}

void exec_pool_free(struct exec_pool *p)
{
    if (!p)
        return;
    atomic_store(&p->stop, true);
    raise_turns(p, p->n);
    for (u32 i = 1; i < p->n; i++)
        pthread_join(p->worker[i].thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p->worker);
    free(p);
}

u32 exec_pool_size(const struct exec_pool *p)
{
    return p->n;
}

static void await_all(struct exec_pool *p)
{
    for (u32 i = 0; atomic_load_explicit(&p->left, memory_order_acquire); i++) {
        if (p->crowded || i > SPINS)
            sched_yield();
        else
            relax();
    }
}

void exec_pool_run(struct exec_pool *p, u32 parts, void (*work)(void *ctx, u32 part), void *ctx)
{
    CHECK(parts <= p->n);
    p->work = work;
    p->ctx = ctx;
    p->fp = fp_mode_get();
    atomic_store(&p->left, parts > 1 ? parts - 1 : 0);
    raise_turns(p, parts);
    struct bug_trap trap;               /* the others must be done before the caller unwinds */
    bug_trap_push(&trap);
    bool volatile failed = true;
    if (!setjmp(trap.back)) {
        work(ctx, 0);
        for (u32 i = 1; i < parts; i++)
            if (take(&p->worker[i], atomic_load(&p->worker[i].turn))) {
                atomic_fetch_sub(&p->left, 1);
                work(ctx, i);
            }
        bug_trap_pop(&trap);
        failed = false;
    }
    await_all(p);
    if (!failed && !p->failed)
        return;
    char text[sizeof trap.text];
    memcpy(text, failed ? trap.text : p->text, sizeof text);
    bool memory = failed ? trap.memory : p->memory;
    p->failed = false;
    if (memory)
        NO_MEMORY(0, text);
    BUG("%s", text);
}
