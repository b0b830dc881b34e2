/* op_build.h - the parts of op_build.c among themselves: the op under construction.
 *
 * op_build.c   the driver and the signature: attributes, types, sizes
 * op_body.c    statements of a body: declarations, then equations
 * op_expr.c    AST expressions to ox nodes: sizes, subscripts, points, conditions
 * op_index.c   which extent each index ranges over, and the axes of intermediates
 * op_size.c    sizes as polynomials: are two provably equal?
 * op_order.c   definitions before uses, static cases, scans, the order that evaluates
 * op_absent.c  absence (`where`), the batch rank, dtypes of intermediates
 * op_fact.c    what can be proved on a finished body */
#ifndef NASC_OP_BUILD_H
#define NASC_OP_BUILD_H
#include "grammar/gram.h"

/* A static condition on the way to a statement: `if c {..}` (holds) or its else branch. */
struct ob_case { u32 ox; bool holds; };
struct ob_path { u32 n; const struct ob_case *at; };

struct ob_let { str name; const struct ast *ast; u32 ox; u32 slot; struct ob_path path; bool slotted; bool used; };

/* A range under construction.  Index variables and axes of intermediates are nodes of one
 * union-find forest; a root knows its extent once something with a size has been met. */
struct ob_range { u32 up; u32 extent; struct loc loc; const char *what; };

struct ob_index {               /* an index variable while building: one per equation and name */
    str name;
    bool rank, iter, run, batch, used;
    bool subscripted;           /* stands in some subscript */
    struct loc value;           /* first place where it stands as a number */
    u32 node;                   /* ob_range; 0 for run and batch */
    u32 eq;                     /* the equation it belongs to (no rank, run, batch) */
    struct loc loc;
};
struct ob_tensor {              /* beside op->tensor[] */
    u32 *axis_node;             /* OT_TEMP, const rules: range per axis; 0 for the run */
    u32 ndim;                   /* subscripts it takes, `..` counting one */
    i32 run_at;                 /* position of `..` among them, or -1 */
    bool read;
    struct loc first_read;
    bool known;                 /* its axes are declared (not an intermediate) */
    bool *region;               /* per subscript: some left side has something else than a plain index there */
};
/* W of W[t] welford= ...: read by its parts only, which are tensors from `first` on. */
struct ob_head { str name; u32 first, n, monoid; };
struct ob_fold { u32 tensor, at, ox, guard; };                 /* (h w) on an axis without declared factors */
struct ob_weak { u32 a, b, index; struct loc loc; };    /* unify if nothing else says what the index is */
struct ob_marg { str base, field; u32 arg, ox; };       /* a name of a monoid's lift or merge */
struct ob_eq {                  /* beside op->eq[], in written order */
    const struct ast *ast, *where_ast;
    struct ob_path path;
    u32 own_where;              /* as written, before absence is added */
    VEC(u32) left, right;       /* index variables of the left side; the others, in order of appearance */
    bool full;                  /* every left subscript a plain index of its own, no condition */
    u32 iter;                   /* 1 + index of the iter rank it steps (t + 1 on the left) */
    u32 iter_pos;
    u32 presence;               /* condition over its left indices under which its points are there */
};

struct ob {
    struct gram *g;
    struct arena *a;
    struct diags *ds;
    struct op *op;
    const struct ast *ast;
    op_monoid_fn monoid;
    void *monoid_ctx;
    u32 errors;                 /* ds->nerrors at the start */

    VEC(str) slot;
    VEC(struct loc) slot_loc;
    VEC(u32) slot_def;          /* ox of its definition, 0 */
    VEC(bool) slot_used;
    VEC(struct owhere) where;
    VEC(str) dtvar;
    VEC(struct ob_let) let;
    VEC(struct ob_tensor) tensor;
    VEC(struct ob_index) index;
    VEC(struct ob_range) range;         /* 0 unused */
    VEC(struct ob_eq) eq;
    VEC(struct ob_head) head;
    VEC(struct ob_fold) fold;
    VEC(struct ob_weak) weak;
    VEC(struct ob_marg) marg;
    bool in_monoid, in_pad, in_pattern;
    u32 poly_work, case_work;
    u32 run_index, batch_index;         /* 1 + index variable, 0: not met yet */
    bool has_run;                       /* some input says `..` */
    u32 cur;                            /* equation being built */
    bool in_eq;
    struct ob_path path;                /* static conditions around the statement being built */
};

/* What an expression is for. */
enum ob_want { OB_SIZE, OB_STATIC /* sizes and `training` */, OB_SUBSCRIPT, OB_POINT, OB_COND };

bool ob_failed(const struct ob *o);
/* Nodes. */
u32 ob_node(struct ob *o, struct ox x);
u32 ob_const(struct ob *o, struct num v, struct loc loc);
u32 ob_int(struct ob *o, i64 v, struct loc loc);
u32 ob_binary(struct ob *o, enum ox_kind k, u32 a, u32 b, struct loc loc);
u32 ob_and(struct ob *o, u32 a, u32 b);                 /* 0 is true */
u32 ob_list(struct ob *o, u32 n, const u32 *at);        /* a run of op->list */
const char *ob_text(struct ob *o, u32 ox);              /* as written, for messages */

/* op_expr.c: 0 after complaining. */
u32 ob_expr(struct ob *o, const struct ast *e, enum ob_want want);
u32 ob_expr_side(struct ob *o, const struct ast *e, enum ob_want want, bool left);      /* left: on a left side */
bool ob_is_bool(const struct ob *o, u32 ox);
/* The subscripts of an access: list and count; left: of a left side.  Index ranges are noted. */
bool ob_subscripts(struct ob *o, u32 tensor, struct ast *const *elem, u32 n, struct loc loc, bool left, u32 *list, u32 *nsub);
u32 ob_index_var(struct ob *o, str name, struct loc loc);       /* of the current equation, made at need */
u32 ob_find_tensor(const struct ob *o, str name);               /* 1 + tensor, 0 */
i32 ob_find_slot(const struct ob *o, str name);
/* op_build.c */
u32 ob_new_slot(struct ob *o, str name, struct loc loc, u32 def);
bool ob_name_free(struct ob *o, str name, struct loc loc, const char *what);
bool ob_type(struct ob *o, const struct ast *t, bool binds, struct otype *out);
u32 ob_axis_size(struct ob *o, const struct oaxis *x);          /* its extent as a size expression */
u32 ob_new_tensor(struct ob *o, struct otensor t, bool known);
/* op_body.c */
void ob_body(struct ob *o, const struct ast *body);
bool ob_small(const struct ob *o, u32 ox);                       /* what is written out at its uses stays small */
u32 ob_guard(struct ob *o, struct ob_path p);                   /* ox of a conjunction of cases */
/* op_index.c */
u32 ob_new_range(struct ob *o, u32 extent, struct loc loc, const char *what);
void ob_unify(struct ob *o, u32 a, u32 b, u32 index, struct loc at);
void ob_ranges(struct ob *o);
/* op_size.c: 1 equal, 0 different, -1 depends on the sizes. */
int ob_same_size(struct ob *o, u32 a, u32 b);
/* op_order.c */
void ob_order(struct ob *o);
/* op_absent.c */
void ob_absence(struct ob *o);
void ob_batch(struct ob *o);
void ob_dtypes(struct ob *o);
/* op_fact.c */
void op_facts(struct arena *a, struct op *op);

#endif
