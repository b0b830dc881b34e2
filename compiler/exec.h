/* exec.h - walking a plan: buffers, weights, launches.
 *
 * An exec owns the memory of one instance of a plan.  Weights are given (or drawn) once, exec_load runs the
 * load section once; exec_run walks the run section and allocates only when the batch grows. */
#ifndef NASC_EXEC_H
#define NASC_EXEC_H
#include "backends/backend.h"
#include "compiler/exec_mem.h"
#include "compiler/ir/plan.h"

struct exec;
struct exec_pool;
/* kernel[i] belongs to plan->kernel[i]; both must outlive the exec.  NULL: out of memory. */
struct exec *exec_new(const struct plan *p, const struct be_kernel *kernel);
/* The same, in memory that other execs had before and will have after (exec_mem.h); it outlives the exec. */
struct exec *exec_new_in(const struct plan *p, const struct be_kernel *kernel, struct exec_mem *mem);
void exec_free(struct exec *x);
/* From now on commands are shared by n threads of a pool (of at least n; it must outlive that); 1: by none, pool may be
 * NULL.  The bytes that come out do not depend on n.  false: out of memory. */
bool exec_threads(struct exec *x, u32 n, struct exec_pool *pool);
/* Fills everything that the plan has to write before it reads with NaNs, for tests: blocks hold what the network before left. Before
 * the weights are set. */
void exec_poison(struct exec *x);
/* Every parameter and state from (seed, number, index): ir/weight.h. */
void exec_weights_seed(struct exec *x, u64 seed);
/* Pre-faulted pseudo-random values of the true size at no cost (the memory's slab), for timing only: they must not be written
 * to. false: out of memory. */
bool exec_weights_slab(struct exec *x);
/* Parameter or state i of plan->weight: its bytes, row-major as the tensor says.  Writable, and not the slab's. */
void *exec_weight(struct exec *x, u32 i, u64 *bytes);
/* Folds and packs: after the weights are set, before exec_run. false: out of memory. */
bool exec_load(struct exec *x);
/* One forward pass of `batch` samples; in training plans also the state section.  false: out of memory. */
bool exec_run(struct exec *x, i64 batch, const void *const *in, void *const *out);
/* From now on runs end behind the command during which this thread has worked for `ns` nanoseconds more, and were late then. 0: they end
 * when they are done. */
void exec_deadline(struct exec *x, u64 ns);
bool exec_late(const struct exec *x);
/* The same, clocked: ns[k] becomes the time of command k of the run section, if it is less. */
bool exec_walk(struct exec *x, i64 batch, const void *const *in, void *const *out, double *ns);
struct exec_mem *exec_memory(struct exec *x);           /* what it takes its blocks from */
/* The bytes of a buffer after a run (tests: group-by-group comparison); NULL if it has no place. */
void *exec_buffer(struct exec *x, u32 buf);
/* Runs command k of the run section alone, on whatever lies in its buffers (tests, per-launch times). */
void exec_command(struct exec *x, i64 batch, u32 k);

#endif
