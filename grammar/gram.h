/* gram.h - a checked grammar: modules, and what their names stand for.
 *
 * resolve.c loads modules and binds names; check.c checks kinds, arity, weights, notations and
 * termination; op_build.c makes op rows.  After gram_load the grammar is immutable but for the
 * overrides of constants. */
#ifndef NASC_GRAM_H
#define NASC_GRAM_H
#include "compiler/ir/op.h"
#include "grammar/ast.h"

struct gram_module {
    str name;                   /* "std.nn", or the file's path */
    struct ast_file *file;
    VEC(struct gram_decl *) decl;
};
enum gram_decl_kind { GD_CONST, GD_OPS, GD_RULES, GD_MONOID, GD_TEXT, GD_ARCH };
struct gram_decl {              /* head of each of the following */
    enum gram_decl_kind kind;
    str name;
    struct gram_module *module;
    struct loc loc;
};
struct gram_const { struct gram_decl d; struct ast *ast; bool evaluated, overridden; struct num v; str s; };
/* An overload set of ops. */
struct gram_ops { struct gram_decl d; VEC(struct op *) overload; VEC(struct ast *) ast; };
/* An overload set of rules, nets or a space: told apart by argument types. */
enum rule_form { RF_RULE, RF_NET, RF_SPACE };
enum rule_yield { RY_VALUE, RY_STAGE, RY_SIZE };        /* what its alternatives are */
struct gram_rule {              /* one overload */
    struct ast *ast;            /* A_RULE, A_NET or A_SPACE */
    struct gram_rules *set;
    enum rule_form form;
    enum rule_yield yield;
    bool inline_;
    u32 nslot;                  /* locals of a frame: see resolve.c */
    struct gram_limits *limits; /* spaces: declared */
};
struct gram_rules { struct gram_decl d; VEC(struct gram_rule *) overload; };
struct gram_monoid { struct gram_decl d; struct ast *ast; };
struct gram_text { struct gram_decl d; struct ast *ast; };      /* text name(args) = `..` */
struct gram_arch { struct gram_decl d; struct ast *ast; };      /* arch name in space = `..` */

struct gram_override { const char *name, *value; };             /* -D NAME=VALUE */

struct gram {
    struct arena *a;            /* the file lifetime */
    struct str_pool *sp;
    struct srcs *srcs;
    struct diags *ds;
    struct types *types;
    struct op_table ops;
    struct op_memo *memo;
    VEC(struct gram_module *) module;       /* imports first; the last is the one asked for */
    u32 noverride; const struct gram_override *override;
};

/* How module texts are found: "std.nn" or a path.  Returns text in arena memory, or NULL. */
typedef const char *(*gram_open_fn)(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown_name);

/* Loads, resolves and checks a module and its imports.  Complains through ds; NULL if there were
 * errors.  Unknown override names are diagnosed. */
struct gram *gram_load(struct arena *a, struct str_pool *sp, struct srcs *srcs, struct diags *ds, gram_open_fn open, void *ctx,
                       const char *module, u32 noverride, const struct gram_override *override);
/* The space of that name (NULL: the only one; complains when there is none or several). */
struct gram_rule *gram_space(struct gram *g, const char *name);
struct gram_decl *gram_lookup(struct gram *g, struct gram_module *m, str name);
void gram_dump(struct buf *b, const struct gram *g);            /* --dump=gram */
void gram_report(struct buf *b, const struct gram *g);          /* `nasc check`: spaces, rules, ops, sizes of families */

/* op_build.c: one A_OP to an op row; complains and returns NULL when it is wrong.  monoid() finds a
 * declared monoid by name (NULL: none). */
typedef struct ast *(*op_monoid_fn)(void *ctx, str name);
struct op *op_build(struct gram *g, const struct ast *op, op_monoid_fn monoid, void *ctx);

#endif
