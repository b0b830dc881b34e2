/* pipeline.h - one architecture from derivation to callable code, a stage a call.
 *
 *   nasc_arch  --pipe_cascade-->  cascade  --pipe_optimize-->  cascade  --pipe_plan-->  plan  --pipe_kernels-->  be_kernel[]
 *
 * Every stage is clocked; in checked builds its result is verified, and a failure is a BUG that names the
 * stage and leaves the IR in session->repro. */
#ifndef NASC_PIPELINE_H
#define NASC_PIPELINE_H
#include "compiler/exec.h"
#include "compiler/session.h"
#include "passes/arch_canon.h"

struct nasc_arch {
    nasc_session *s;
    struct arena *a;                    /* the sample's lifetime */
    struct gram *g;                     /* what it was derived by: another module may be loaded since */
    struct derivation *d;
    struct arch *graph;                 /* built at first need, with the id: parameters are numbered in canonical order */
    const char *text;
    struct inside *inside;              /* of nasc_parse_all */
    struct move_parent *moves;          /* its nodes: listed at the first move */
    bool ranked;                        /* the graph's parameters are numbered */
    bool has_id; struct hash128 id;
    struct nasc_arch *next, **link;     /* among the session's; link: what points here */
};
/* Takes over the arena. Prints the text; NULL after complaining. */
nasc_arch *arch_wrap(nasc_session *s, struct arena *a, struct derivation *d, struct arch *graph);
struct arch *arch_graph(nasc_arch *ar);
/* The k most likely derivations of a text read by nasc_parse_all, best first; returns how many. */
u32 arch_readings(nasc_arch *ar, u32 k, struct derivation **out);
struct hash128 arch_id(nasc_arch *ar);                  /* its identity (passes/arch_canon.h) */
struct canon *session_canon(nasc_session *s);           /* until the grammar's tables go (gram_forget) */
struct hash128 derivation_id(nasc_session *s, const struct derivation *d);     /* of the session's grammar */
struct notation *session_notation(nasc_session *s);     /* NULL after complaining */

struct cascade *pipe_cascade(nasc_session *s, struct arena *a, const struct arch *graph, const struct pass_options *o);
/* Runs the passes in place.  after: called with each pass's name (may be NULL). */
void pipe_optimize(nasc_session *s, struct cascade *c, const struct pass_options *o, void (*after)(void *ctx, const char *pass, const struct cascade *c), void *ctx);
/* The plan holds parts of session->plans: good until the next pipe_plan, or for as long as that memo is held. */
struct plan *pipe_plan(nasc_session *s, struct arena *a, const struct cascade *c, const struct pass_options *o);
/* Code for the kernels of n plans, from the session's table or compiled now, all that is missing at once: out[i][k] belongs to plan[i]->kernel[k],
 * and stays until pipe_release(plan[i], out[i]).  misses[i]: how many were compiled that plan i is the first to need; ns[i]: its share of the
 * time.  false after complaining; nothing is held then.  (pipe_code.c) */
bool pipe_kernels_many(nasc_session *s, struct backend_handle *be, u32 n, const struct plan *const *plan, struct be_kernel *const *out, u32 *misses, u64 *ns);
bool pipe_kernels(nasc_session *s, struct backend_handle *be, const struct plan *p, struct be_kernel *out, u32 *misses, u64 *ns);
void pipe_release(nasc_session *s, const struct plan *p, const struct be_kernel *out);

/* The passes by name, for `nasc pass`. */
struct pass { const char *name, *needs, *spoils, *about; u32 (*run)(struct cascade *, const struct pass_options *); };
extern const struct pass pass_table[];
extern const u32 pass_count;

struct nasc_net {
    nasc_session *s;
    struct arena *a;
    struct pass_options opt;
    struct cascade *written, *ein;      /* as lowered, and after the passes */
    struct plan *plan;
    struct plan_memo *memo;             /* what the plan holds parts of */
    struct be_kernel *kernel;           /* by net_code */
    struct exec *exec;                  /* made at first use */
    bool weights;
    const char *backend;
    u32 misses;                         /* kernels compiled for it: neither in the session nor in the cache */
    u64 compile_ns;                     /* of the code of its kernels */
    struct nasc_net *next, **link;      /* among the session's */
};
/* Down to the plan; then the code of many at once (false after complaining: none of them has code); or both for one (NULL after complaining). */
nasc_net *net_lower(nasc_session *s, const struct arch *graph, const struct pass_options *o);
nasc_net *net_lower_cascade(nasc_session *s, const struct cascade *c, const struct pass_options *o);     /* the same from a cascade: tests */
bool net_code(nasc_session *s, u32 n, nasc_net *const *net, const char *backend);
nasc_net *net_compile(nasc_session *s, const struct arch *graph, const char *backend, const struct pass_options *o);
bool net_exec(nasc_net *n);             /* makes the exec; false after complaining */
/* Its runs use n threads from now on (0: all processors), those of the session's pool; false after complaining. */
bool net_threads(nasc_net *net, u32 n);

#endif
