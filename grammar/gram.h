/* gram.h - a checked grammar: modules, and what their names stand for.
 *
 * resolve.c loads modules and binds names; check.c checks kinds, arity, weights, notations and
 * termination; op_build.c makes op rows.  After gram_load the grammar is immutable but for the
 * overrides of constants. */
#ifndef NASC_GRAM_H
#define NASC_GRAM_H
#include "compiler/ir/op.h"
#include "grammar/ast.h"

struct gram_import { struct gram_module *module; str alias; const struct ast *ast; bool used; };      /* alias: names only through it */
struct gram_module {
    str name;                   /* "std.nn", or the file's path */
    struct ast_file *file;
    VEC(struct gram_decl *) decl;
    VEC(struct gram_import) import;
    bool loading;
};
enum gram_decl_kind { GD_CONST, GD_OPS, GD_RULES, GD_MONOID, GD_TEXT, GD_ARCH };
struct gram_decl {              /* head of each of the following */
    enum gram_decl_kind kind;
    str name;
    struct gram_module *module;
    struct loc loc;
    bool used;
};
struct gram_const { struct gram_decl d; struct ast *ast; bool evaluated, overridden, busy; struct num v; str s; };
/* An overload set of ops. */
struct gram_ops { struct gram_decl d; VEC(struct op *) overload; VEC(struct ast *) ast; VEC(u32) nslot; /* names of its signature */ };
/* An overload set of rules, nets or a space: told apart by argument types. */
enum rule_form { RF_RULE, RF_NET, RF_SPACE };
enum rule_yield { RY_VALUE, RY_STAGE, RY_SIZE };        /* what its alternatives are */
/* One alternative, taken apart. */
struct gram_alt {
    const struct ast *ast;      /* A_ALT */
    const struct ast *fors, *weight, *expr, *where, *note;     /* its children; NULL where absent */
    /* Its only mention is this inline rule: it stands for one alternative per alternative of it, and the mention
     * is no draw. */
    struct gram_rules *inline_of;
    u8 terminal;                /* elab: 1 draws nothing, 2 may */
    u8 need;                    /* elab_need.c: levels of depth that draws in it surely take */
};
struct gram_rule {              /* one overload */
    struct ast *ast;            /* A_RULE, A_NET or A_SPACE */
    struct gram_rules *set;
    struct gram_module *module;
    enum rule_form form;
    enum rule_yield yield;
    bool inline_;
    /* Applying it makes a draw (a node of the derivation): rules and spaces always, nets when their body (or a net it calls)
     * mentions a rule or `choose`.  The draws of a net without one belong to the alternative that applies it. */
    bool draws;
    u32 serial;                 /* among all rules */
    u32 number;                 /* among the overloads of its set, from 0 */
    u32 nattr, nparam;          /* slots 0 .. nattr-1: attributes; then parameters; then sizes of patterns, lets, family variables */
    u32 nslot;                  /* locals of a frame: see resolve.c */
    const str *slot_name;       /* [nslot]; NULL where a slot has no name */
    u32 nalt; const struct gram_alt *alt;
    void *cache;                /* elab: alternatives whose families and weights are constants, expanded once */
    const void *weights;        /* typed: and their weights */
    u8 most_need;               /* elab_need.c: of its alternatives */
    u8 reads_depth;             /* typed: 1 an alternative does, 2 none */
};
struct gram_rules { struct gram_decl d; VEC(struct gram_rule *) overload; u8 plain; /* elab: 1 draws nothing, 2 may */ };
struct gram_monoid { struct gram_decl d; struct ast *ast; };
struct gram_text { struct gram_decl d; struct ast *ast; };      /* text name(args) = `..` */
struct gram_arch { struct gram_decl d; struct ast *ast; };      /* arch name in space = `..` */

struct limits { u128 depth, nodes, params, macs, memory; };     /* of what is drawn; 0: none */
struct gram_override { const char *name, *value; };             /* -D NAME=VALUE */

struct gram {
    struct arena *a;            /* the file lifetime */
    struct arena *tables;       /* of types, memo, cache, viable: what was worked out, until gram_forget */
    struct str_pool *sp;
    struct srcs *srcs;
    struct diags *ds;
    struct types *types;
    struct op_table ops;
    struct op_memo *memo;
    VEC(struct gram_module *) module;       /* imports first; the last is the one asked for */
    u32 noverride; const struct gram_override *override;
    const struct num *override_num;         /* [noverride]; BAD where it is a string */
    bool needs;                 /* elab_need.c has been here */
    struct limits limit;        /* by gram_limit: instead of the declared ones */
    struct gram_module *prelude;            /* std.prelude: the ops behind + - * / and t.0 on tensors; imported everywhere, lowest */
    bool keep;                              /* something names types: gram_forget forgets nothing */
    bool plain;                             /* for tests: evaluations remember nothing (elab_frag.c) */
    void *laws;                 /* the roof: what is known of bound ops, in `tables` */
    void *cache, *viable;                   /* elab: counts of op instances; alternatives that type */
    void *typed;                /* typed.c: symbols at their types */
};

/* How module texts are found: "std.nn" or a path.  Returns text in arena memory, or NULL. */
typedef const char *(*gram_open_fn)(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown_name);

/* Loads, resolves and checks a module and its imports.  Complains through ds; NULL if there were
 * errors.  Unknown override names are diagnosed. */
struct gram *gram_load(struct arena *a, struct str_pool *sp, struct srcs *srcs, struct diags *ds, gram_open_fn open, void *ctx,
                       const char *module, u32 noverride, const struct gram_override *override);
/* Forgets the types and everything worked out about them, if that has grown past a bound: so drawing for ever takes
 * bounded memory.  Nothing that names a type (a derivation, a graph) may be left, unless g->keep says that there is. */
void gram_forget(struct gram *g);
/* Limits that hold from now on instead of the declared ones of the same names: "macs 500M, params 5M".  Complains; false if
 * something is wrong. */
bool gram_limit(struct gram *g, const char *text);
/* The number that -D gives to a name; NULL: none. */
const struct num *gram_override_num(const struct gram *g, str name);
/* The space of that name (NULL: the only one; complains when there is none or several). */
struct gram_rule *gram_space(struct gram *g, const char *name);
/* What a name stands for in a module: its own, then imported, then the prelude's; NULL: nothing.  Of several imported ones the first. */
struct gram_decl *gram_lookup(struct gram *g, struct gram_module *m, str name);
/* Functions known everywhere, X(BUILTIN, "name", fewest arguments, most). */
#define GRAM_BUILTINS(X)                                                                                              \
    X(BI_FLOOR, "floor", 1, 1) X(BI_CEIL, "ceil", 1, 1) X(BI_ABS, "abs", 1, 1) X(BI_SQRT, "sqrt", 1, 1)               \
    X(BI_EXP, "exp", 1, 1) X(BI_LOG, "log", 1, 1) X(BI_POW, "pow", 2, 2) X(BI_MIN, "min", 1, 255)                     \
    X(BI_MAX, "max", 1, 255) X(BI_SUM, "sum", 1, 255) X(BI_LEN, "len", 1, 1) X(BI_EXTENT, "extent", 1, 2)             \
    X(BI_RANK, "rank", 1, 1) X(BI_FOLD, "fold", 3, 3) X(BI_DEPTH, "depth", 0, 0)                                      \
    X(BI_UNIFORM, "uniform", 2, 2) X(BI_LOG_UNIFORM, "log_uniform", 2, 2)
enum gram_builtin {
#define X(id, name, least, most) id,
    GRAM_BUILTINS(X)
#undef X
    GRAM_NBUILTIN
};
const char *gram_builtin_name(enum gram_builtin b);

void gram_dump(struct buf *b, const struct gram *g);            /* --dump=gram */

/* op_build.c: one A_OP to an op row; complains and returns NULL when it is wrong.  monoid() finds a
 * declared monoid by name (NULL: none). */
typedef struct ast *(*op_monoid_fn)(void *ctx, str name);
struct op *op_build(struct gram *g, const struct ast *op, op_monoid_fn monoid, void *ctx);

#endif
