/* nasc.h - the library: search spaces, their architectures, and native code for them.
 *
 * A session holds everything (no global state); sessions in different threads are independent, one session is for
 * one thread at a time.  Nothing here prints or exits: a call returns a status and leaves its complaints in the session.
 *
 *     nasc_session *s = nasc_open();
 *     nasc_define(s, "CLASSES", "10");
 *     if (nasc_load(s, "std.spaces.einspace") || nasc_select(s, NULL)) puts(nasc_messages(s));
 *     nasc_arch *a;  nasc_sample(s, 42, 0, &a);
 *     nasc_net *n;   nasc_compile(s, a, NULL, &n);
 *     nasc_net_weights(n, 42);
 *     nasc_net_run(n, 1, (const void *[]){x}, (void *[]){y});
 */
#ifndef NASC_H
#define NASC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    NASC_OK = 0,        /* done */
    NASC_WRONG = 1,     /* the input is wrong: see nasc_messages */
    NASC_USAGE = 2,     /* the call is wrong */
    NASC_ENV = 3,       /* something outside is missing: a file, a backend */
    NASC_BUG = 70       /* our mistake: see nasc_messages, please report */
} nasc_status;

__extension__ typedef unsigned __int128 nasc_count;

typedef struct nasc_session nasc_session;
/* An architecture, and native code for one (which outlives it): each ends with nasc_arch_free or nasc_net_free, or with the
 * session.  Sessions that draw many networks free them: while one is open, types made for earlier ones stay. */
typedef struct nasc_arch nasc_arch;
typedef struct nasc_net nasc_net;

const char *nasc_version(void);
nasc_session *nasc_open(void);
void nasc_close(nasc_session *s);
/* What went wrong since the last successful call (of that one: warnings), as people read it, or one JSON object a line. Valid
 * until the next call. */
const char *nasc_messages(nasc_session *s);
const char *nasc_messages_json(nasc_session *s);

/* Overrides a const of the module or an attribute of the space; before nasc_load. */
nasc_status nasc_define(nasc_session *s, const char *name, const char *value);
/* A module ("std.spaces.einspace") or the path of a .nas file; checks it and its imports. */
nasc_status nasc_load(nasc_session *s, const char *module);
/* Chooses a space by name; NULL: the only one. */
nasc_status nasc_select(nasc_session *s, const char *space);
/* Limits of what is drawn and read, "macs 500M, params 5M, memory 64Mi", instead of those that the space declares under these names.
 * Holds until the next nasc_load. */
nasc_status nasc_limit(nasc_session *s, const char *limits);

/* By which law is drawn: "local" (and NULL) or "exact"; docs/probability.md says what they are.  NASC_USAGE: there is no such. */
nasc_status nasc_sampler(nasc_session *s, const char *name);

/* Sample number `index` of `seed`: the same on every machine, alone or in a batch. */
nasc_status nasc_sample(nasc_session *s, uint64_t seed, uint64_t index, nasc_arch **out);
/* Reads an architecture text in the space's notation. */
nasc_status nasc_parse(nasc_session *s, const char *text, nasc_arch **out);
/* Reads a text that may have several derivations as the most likely of them (nasc_arch_record has its own logp), and adds all up. */
typedef struct {
    double logp;                        /* of the text: log of the sum over its derivations */
    double readings;                    /* how many they are */
    bool exact;                         /* false: there are more, and logp is a lower bound */
} nasc_likelihood;
nasc_status nasc_parse_all(nasc_session *s, const char *text, nasc_arch **out, nasc_likelihood *l);
/* An `arch NAME in space = ...` item of the module; where no space is selected, that one is. */
nasc_status nasc_named(nasc_session *s, const char *name, nasc_arch **out);
void nasc_arch_free(nasc_arch *a);

/* Moves (docs/probability.md): mutation or crossover number `index` of `seed`, a function of the parents and these two. `what` may be
 * NULL.  NASC_WRONG where no other network can be made.  The parents stay as they are. */
typedef struct {
    char node[256];                     /* what was changed: labels from the root, "s.a.l", cut off where it is long */
    char rule[64];                      /* its nonterminal; "choose" */
    uint32_t number, nodes;             /* mutation: among the nodes of the parent that decide something, and how many these are */
    char other[256];                    /* crossover: the node of the second parent */
    uint64_t tries;                     /* subtrees drawn at the node, pairs of nodes tried */
    uint32_t given_up;                  /* mutation: nodes left past the bounds of the search before this one */
} nasc_move;
/* One node of the derivation drawn anew, at the types it has. */
nasc_status nasc_mutate(nasc_session *s, nasc_arch *parent, uint64_t seed, uint64_t index, nasc_arch **out, nasc_move *what);
/* Two subtrees exchanged: out[0] is the first parent with a subtree of the second, out[1] the second with one of the first. Where no exchange
 * gives two new networks, one of them is NULL. */
nasc_status nasc_crossover(nasc_session *s, nasc_arch *a, nasc_arch *b, uint64_t seed, uint64_t index, nasc_arch *out[2], nasc_move *what);

typedef struct {
    const char *space, *arch;           /* the text; valid while the architecture is */
    char id[33];                        /* by nasc_arch_id; empty if that failed */
    double logp;                        /* natural log of the product of the derivation's weights */
    uint64_t depth, nodes;
    nasc_count params, macs;            /* saturating; per sample */
} nasc_record;
void nasc_arch_record(nasc_arch *a, nasc_record *r);
/* What it is, whatever its text: 32 hex digits, the same for architectures that are the same function of inputs and parameters, the
 * same on every machine.  Equal ids have equal weights from equal seeds. */
nasc_status nasc_arch_id(nasc_arch *a, char id[33]);

/* Samples in order, as records: those that pass a condition, those that are new, drawn by several threads.  What comes out depends
 * on seed, first and the options, not on the number of threads.  While a stream is open its session is used for nothing else; records are
 * not architectures: nasc_sample(s, seed, index, ..) makes one of a record's index. */
typedef struct {
    const char *where;                  /* "params < 2M and depth <= 8", as in `nasc sample --where`; NULL: every sample */
    bool unique;                        /* the first of equals */
    uint64_t samples;                   /* to be drawn at most; 0: no bound */
    uint64_t tries;                     /* with where, unique: samples in a row without a record, after which it ends; 0: no bound */
    uint32_t threads;                   /* 0: one, the caller's */
} nasc_stream_options;
typedef struct nasc_stream nasc_stream;
/* o NULL: all samples, one thread.  *out: until nasc_stream_close, which comes before nasc_close. */
nasc_status nasc_stream_open(nasc_session *s, uint64_t seed, uint64_t first, const nasc_stream_options *o, nasc_stream **out);
/* The next record and its index; NASC_OK and *more false: there are no more.  Strings are the stream's, until the next call.  NASC_WRONG
 * where a sample cannot be drawn: the stream has ended, as at that sample for any number of threads. */
nasc_status nasc_stream_next(nasc_stream *st, nasc_record *r, uint64_t *index, bool *more);
/* Samples looked at so far, and the attempts that they took. */
void nasc_stream_count(const nasc_stream *st, uint64_t *samples, uint64_t *attempts);
void nasc_stream_close(nasc_stream *st);

/* Weights from architecture texts: those under which the texts are most probable, by expectation-maximization (docs/probability.md). */
typedef struct {
    double prior;                       /* of a symmetric Dirichlet distribution, at least 1; 0: 1 + 1/n for n alternatives */
    bool zeros;                         /* weights that are 0 are estimated, too */
} nasc_fit_options;
typedef struct {
    uint64_t texts, ambiguous, left_out;        /* used; with several derivations; of probability 0 */
    uint32_t rules, weights, iterations;        /* estimated */
    double before, after;               /* log-likelihood of the texts used */
} nasc_fit_report;
/* *source: the module with the weights found, the session's until the next call.  The session keeps its own weights.  Texts that cannot be
 * read are complained about (NASC_WRONG), the others used. */
nasc_status nasc_fit(nasc_session *s, size_t n, const char *const *text, const nasc_fit_options *o, nasc_fit_report *r, const char **source);

typedef struct {
    const char *backend;                /* "llvm", "ref"; NULL: the best there is */
    bool strict_math, training;
    uint32_t threads;                   /* that share the work of a run; 0: one */
} nasc_options;
nasc_status nasc_compile(nasc_session *s, nasc_arch *a, const nasc_options *o, nasc_net **out);
void nasc_net_free(nasc_net *n);

/* Weights from a seed: f(seed, parameter number, index), or from a safetensors file. */
nasc_status nasc_net_weights(nasc_net *n, uint64_t seed);
nasc_status nasc_net_load_weights(nasc_net *n, const char *path);
nasc_status nasc_net_save_weights(nasc_net *n, const char *path);

typedef struct { const char *dtype; uint32_t rank; int64_t extent[32]; uint64_t bytes; } nasc_shape;    /* of one sample */
uint32_t nasc_net_inputs(const nasc_net *n);
uint32_t nasc_net_outputs(const nasc_net *n);
void nasc_net_input(const nasc_net *n, uint32_t i, nasc_shape *s);
void nasc_net_output(const nasc_net *n, uint32_t i, nasc_shape *s);
/* Row-major arrays of `batch` samples. Allocates only when the batch grows. */
nasc_status nasc_net_run(nasc_net *n, int64_t batch, const void *const *inputs, void *const *outputs);

/* Files of native code (docs/compile.md): what `nasc compile` writes, as bytes. */
typedef enum {
    NASC_EMIT_OBJECT, NASC_EMIT_HEADER, NASC_EMIT_STATIC, NASC_EMIT_SHARED, NASC_EMIT_EXECUTABLE, NASC_EMIT_ASSEMBLY, NASC_EMIT_LLVM
} nasc_emit_kind;
typedef struct {
    const char *name;                   /* of the model, a C identifier; NULL: "model" */
    const char *backend;                /* as in nasc_options */
    bool strict_math;
    bool embed_weights;                 /* of the safetensors file `weights`, or (NULL) of the seed */
    const char *weights;
    uint64_t seed;
} nasc_emit_options;
typedef struct { const void *at; size_t n; } nasc_bytes;
/* out[i] becomes the bytes of kind[i], n of them; they are the session's until the next nasc_emit.  o NULL: no options. */
nasc_status nasc_emit(nasc_session *s, nasc_arch *a, const nasc_emit_options *o, size_t n, const nasc_emit_kind *kind, nasc_bytes *out);
/* Which machine code is for, as --target, --cpu and --features say it (NULL: not said): before anything is compiled.  NASC_USAGE where there is no
 * such machine.  What is for another machine than this can be emitted, not run. */
nasc_status nasc_target(nasc_session *s, const char *target, const char *cpu, const char *features);

#ifdef __cplusplus
}
#endif
#endif
