/* session.h - the insides of a nasc_session: modules, diagnostics, backend, kernels, clocks. */
#ifndef NASC_SESSION_H
#define NASC_SESSION_H
#include "backends/backend.h"
#include "compiler/base/diag.h"
#include "compiler/kernel_cache.h"
#include "compiler/kernels.h"
#include "compiler/nasc.h"
#include "grammar/sampler.h"
#include "passes/pass.h"

enum stage {
#define X(id, name) id,
#include "compiler/stage.def"
#undef X
    STAGES
};
struct stage_clock { u64 ns, n; };

/* A backend of the session.  be and inst are NULL until it is opened: what is found compiled needs none. */
struct backend_handle {
    const char *name;
    const struct backend *be;
    struct be *inst;
    void *dl;
    bool any;                           /* none was named: another may take its place */
    bool has_id;
    struct hash128 id;                  /* by backend_id */
    struct backend_handle *next;
};

struct nasc_session {
    struct arena *a;                    /* the session's lifetime */
    struct str_pool *sp;
    struct arena *talk;                 /* complaints, and the architecture texts they are about: until session_clear */
    struct srcs *srcs;
    u32 nsrc;                           /* texts that stay: the module's */
    struct diags ds;
    bool stale, keep;                   /* the last call succeeded: the next one clears, if it may */
    struct nasc_arch *archs;            /* what is open: freed with the session */
    struct nasc_net *nets;
    struct buf msg, json, emitted[8];   /* emitted: the last files' bytes, by kind */
    VEC(struct gram_override) override;
    struct gram *g;
    struct gram_rule *space;
    struct notation *notation;          /* built at first need: by session_notation */
    enum sampler_kind law;              /* by which nasc_sample draws */
    struct sampler *sampler; u64 sampler_seed;          /* opened at first need: by session_sampler */
    struct mach mach;                   /* by session_mach */
    struct backend_handle *backends;
    struct kernels *kernels;            /* compiled, by key: by session_kernels */
    struct kernel_cache *cache;         /* by session_cache */
    bool no_cache;                      /* none is wanted, or none can be had */
    u64 compiled, loaded;               /* kernels: by a backend; from the cache on disk */
    u64 vector_ops, lane_ops;           /* of what was compiled: operations on vectors, those of them done lane by lane */
    struct plan_memo *plans;            /* groups lowered so far: made at first need, dropped when large */
    struct exec_mem *mem;               /* of execs: made at first need, handed on from network to network */
    struct exec_pool *pool;             /* threads for commands: by net_threads */
    struct stage_clock clock[STAGES];
    bool checked;                       /* verify every IR after every step */
    struct buf repro;                   /* the IR a failed verification leaves behind */
    const char *main_dir;               /* where `import name` looks beside the stdlib */
    const char *stdlib_dir, *module_dir, *runtime_dir;  /* by session_stdlib, session_modules, session_runtime */
};

/* A session of the same module, space and limits, for another thread: it reads the texts that `s` has read, which meanwhile loads
 * nothing.  NULL if that is impossible. */
nasc_session *session_again(nasc_session *s);

/* What draws samples of a seed; it may forget types that no open architecture names. */
struct sampler *session_sampler(nasc_session *s, u64 seed);
void session_no_sample(nasc_session *s, u64 seed, u64 index, u64 attempts);     /* complains */
void session_sampler_drop(nasc_session *s);             /* another grammar, space, law or limits from now on */

/* Diagnostics on top of nothing: a message without a place. */
void session_complain(nasc_session *s, enum diag_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
nasc_status session_trapped(nasc_session *s, const struct bug_trap *t); /* says what unwound to t: a bug, or no memory */
nasc_status session_status(nasc_session *s);            /* NASC_WRONG if there are errors, else NASC_OK */
void session_clear(nasc_session *s);                    /* forgets the diagnostics */
void session_begin(nasc_session *s);                    /* a public call begins: forgets what was said before the last success */

/* The directories that modules, backends and the C files of compiled models are looked for in. */
const char *session_stdlib(nasc_session *s);
const char *session_modules(nasc_session *s);
const char *session_runtime(nasc_session *s);
gram_open_fn session_opener(void);

/* Is there a module of that name?  It is not opened. */
bool backend_there(nasc_session *s, const char *name);
/* A backend by name (NULL: llvm if it is there, else ref), perhaps not opened. NULL after complaining (E0901). */
struct backend_handle *session_backend_named(nasc_session *s, const char *name);
/* Opens it; false after complaining.  Where none was named and llvm cannot be opened, the handle becomes ref's. */
bool backend_open(nasc_session *s, struct backend_handle *h);
/* Both. */
struct backend_handle *session_backend(nasc_session *s, const char *name);
/* What decides the code of a kernel beside its text: backend, its version and build, the machine.  Needs no opening. */
struct hash128 backend_id(nasc_session *s, struct backend_handle *h);

/* The kernels in memory, made at first need; kernels_bound says how many there may be. */
struct kernels *session_kernels(nasc_session *s);
/* The cache on disk, opened at first need.  NULL: none is wanted (no_cache, NASC_CACHE=off), or none can be had, which is said once (W0901). */
struct kernel_cache *session_cache(nasc_session *s);
void session_cache_said(nasc_session *s);               /* passes on what went wrong with it */

/* The machine that code is for: the host, probed at first use, or a level of it (NASC_CPU, session_cpu). */
const struct mach *session_mach(nasc_session *s);
/* Narrows it to a level (ir/mach.h), before anything is compiled; false after complaining (E0909). */
bool session_cpu(nasc_session *s, const char *level);
/* Another machine, by words of mach_target (NULL: not said), before anything is compiled; false after complaining (E0913). */
bool session_target(nasc_session *s, const char *target, const char *cpu, const char *features);
/* May code for it run here?  false after complaining (E0914). */
bool session_runs(nasc_session *s);

/* An `arch` item that the module sees under a name; NULL: there is none. */
struct gram_arch *session_arch_item(nasc_session *s, const char *name);
/* Selects the space it is written for. */
void session_select_of(nasc_session *s, const struct gram_arch *item);

/* A stopwatch for a stage. */
u64 clock_ns(void);
void session_clock(nasc_session *s, enum stage st, u64 since);
const char *stage_name(enum stage st);

#endif
