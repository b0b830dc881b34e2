/* exec_pool.h - threads that wait for work: one command of a plan, in parts.
 *
 * A pool of n has n - 1 threads of its own, each kept on one of the processors this process may use; the caller
 * is the first.  A waiting thread looks for work for a moment and then sleeps. */
#ifndef NASC_EXEC_POOL_H
#define NASC_EXEC_POOL_H
#include "compiler/base/base.h"

struct exec_pool;
/* n >= 2.  NULL: the system gives no threads. */
struct exec_pool *exec_pool_new(u32 n);
void exec_pool_free(struct exec_pool *p);
u32 exec_pool_size(const struct exec_pool *p);
/* work(ctx, part) for every part in [0, parts), parts <= n, part 0 by the caller; back when all are done.  A bug
 * (or the end of memory) in a part unwinds the caller.  Parts run in the caller's floating-point mode. */
void exec_pool_run(struct exec_pool *p, u32 parts, void (*work)(void *ctx, u32 part), void *ctx);
/* Processors this process may run on; of them the i-th. */
u32 exec_cpus(void);

#endif
