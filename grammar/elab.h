/* elab.h - the insides of elaboration: values, frames, stages, draws, and who does what.
 *
 *   elab.c       the entry: a space under a chooser; what is left of a derivation at the end
 *   elab_expr.c  expressions and blocks
 *   elab_num.c   numbers, builtins, texts of values
 *   elab_type.c  patterns against values, concrete types
 *   elab_call.c  applying ops, lambdas, pipes; spreading of tuples
 *   elab_rule.c  applying rules: overloads, alternatives, weights, the draw
 *   elab_viable.c   which alternatives do not type, remembered by argument types
 *   elab_frag.c  results of nets and alternatives that draw nothing, remembered
 *   elab_fn.c    once, share, each, repeat: functions of the graph and replication
 *
 * Failing.  Every step returns false when the evaluation cannot go on: a *dead end* (types, conditions,
 * limits), which a retrying chooser answers by drawing another alternative; or, with e->halt set, the end of this
 * evaluation (the work bound; a mistake of the grammar, e->hard).  What was done since is undone
 * by the trail; memory goes back to the mark. */
#ifndef NASC_ELAB_H
#define NASC_ELAB_H
#include "grammar/derive.h"

enum val_kind { V_NONE, V_TENSOR, V_NUM, V_STR, V_TUPLE, V_STAGE };
struct val {
    u8 kind;
    bool exact;                 /* NUM: an integer, in .i; else *.num */
    u16 level;                  /* TENSOR: the open function whose value it is (graph only) */
    u32 type;                   /* TENSOR: type_id; NUM: axis it came from, or 0 */
    union {
        aval ref;
        i64 i;
        const struct num *num;
        str s;
        const struct vtuple *tuple;
        const struct stage *stage;
    };
};
struct vtuple { u32 n; struct val at[]; };

/* The draw under way; its public half is the node of the derivation. */
struct enode {
    struct draw d;
    struct enode *parent;
    struct enode *first, *last, *next;  /* children in order; sibling */
    struct enode *prev;                 /* the child before (for undoing) */
    bool follows;                       /* its children are decided already: those from cursor on */
    struct enode *cursor, *list;        /* list: whose children they are */
    bool holder;                        /* no draw: collects the draws of a once body; at the end they become its parent's */
    bool attached;
    const struct acase *taken;          /* family variables, inline alternative */
    struct frame *frame;
    struct frame *inner;                /* of the inline rule's alternative that was taken */
    struct val chosen;                  /* what it gave; V_NONE: not evaluated to its end */
    u64 path, step;                     /* path: the home's mixed with step */
    u32 seq;                            /* numbers the paths of what is drawn under it */
    u32 order;                          /* when it was decided, among the draws of the evaluation */
    u32 call;                           /* tabulating: its number among the draws of the alternative */
};

/* Locals of one application.  Lambdas and rounds of a repeat have their own, whose `up` is where they were written. */
struct frame {
    struct frame *up;
    struct enode *draw;                 /* the draw that mentions in this text belong to */
    const struct gram_rule *rule;
    u32 round, nslot;
    u32 nrun; const axis_id *run; bool has_run;         /* `..` of the signature */
    struct val slot[];
};

/* A function not yet applied. */
enum stage_kind { ST_OP, ST_RULE, ST_LAMBDA, ST_ONCE, ST_EACH, ST_REPEAT, ST_PIPE, ST_PARTIAL, ST_BUILTIN };
struct sattr { str name; struct val v; struct loc loc; };
struct stage {
    u8 kind;
    const struct ast *at;               /* where it is mentioned: label, name, lambda, repeat .. */
    str label;
    struct frame *frame;
    union {
        struct gram_ops *ops;
        struct gram_rules *rules;
        struct { const struct stage *f, *g; };          /* PIPE: g after f; EACH, ONCE: f; PARTIAL: f with args after the piped value */
        u32 builtin;
    };
    const struct ast *code;             /* LAMBDA, REPEAT */
    struct once *once;
    i64 n;                              /* EACH: 0 = the leading extent; REPEAT: rounds */
    u32 nattr; const struct sattr *attr;
    u32 narg; const struct val *arg;    /* PARTIAL */
};

/* What `once R` or `share R` stands for: drawn at its first use. */
struct once {
    bool share;
    u16 level;                          /* function it was evaluated in */
    u32 tie, nesting;
    u128 pmult, rel_pmult;              /* share: replication where it was evaluated */
    const struct ast *head;             /* evaluated again at each use, in a copy of: */
    struct frame *frame;
    struct enode *holder;               /* the draws of its first use; NULL before */
    struct once_use *use;               /* finished elaborations, newest first */
    u64 params_hash; bool has_hash;
};

/* One alternative of a choice with its family's values; inner: the inline rule's alternative. */
struct acase {
    const struct gram_alt *alt;
    const struct ast *opt;              /* of a choose: A_OPT or A_RANGE */
    u32 nvar; const struct val *var;    /* in order of the patterns of alt's `for`s; choose: a value known beforehand */
    const struct acase *inner;
};
struct acases { u32 n; const struct acase *at; const double *weight; };

enum trail_kind {
    TR_CHILD,       /* p: the enode whose last child goes */
    TR_CURSOR,      /* p: enode, old: its cursor */
    TR_ONCE         /* p: struct once, old: its state before (see elab_fn.c) */
};
struct trail { u8 kind; void *p; const void *old; };

struct recipes { struct arecipe *at; u32 n, cap; };
struct elab_cache { VEC(struct count) op_count; VEC(bool) known; void *frag; /* of elab_frag.c */
                    struct { const char *name; struct gram_ops *ops; } named[16]; /* ops of the prelude, by the place of their names */ };

struct elab {
    struct gram *g;
    struct arena *a;
    struct types *types;
    const struct chooser *chooser;
    struct diags *ds;                   /* explain into this; NULL: just fail */
    struct limits limits;
    bool halt, hard, over_work;
    bool bounded;                       /* the failure was one of limits, not of types */
    u64 steps, most_steps;
    u64 tried;                          /* alternatives tried */
    u64 wasted, most_wasted;            /* those undone */
    u32 nest, nest_most;                /* applications under way */
    bool deep;                          /* there were too many once */
    struct tab *tab;                    /* tabulating an alternative (typed_fill.c); NULL */
    /* totals: absolute (limits), and relative to the innermost once body */
    struct count total, rel;
    u128 mult, rel_mult, pmult, rel_pmult;
    u64 nodes;                          /* op instances, replication counted once */
    u32 depth;                          /* deepest draw */
    u32 order, made;                    /* draws so far; once and share evaluated, and bodies of them elaborated, so far */
    bool in_share; u64 params_hash;
    u32 nesting; bool outer_share;      /* once bodies under way; one used a share from outside it */
    struct { struct trail *at; u32 n, cap; } trail;
    struct recipes recipe;
    bool in_recipe; u32 nunit;
    /* the graph, when it is wanted */
    struct arch_builder *build;
    struct level *level; u16 nlevel;
    str prefix; bool skip_prefix;       /* the label of the next application is the function's name already */
    const struct gram_rule *space;      /* inputs not made yet: see elab_space_inputs */
    struct frame *space_frame;
    u32 ninput;
    struct recorder *rec;               /* what is evaluated becomes a fragment (elab_frag.c) */
    bool plain;                         /* remember nothing: all frames are filled in full */
};
struct level { struct level *outer; VEC(struct val) from; VEC(aval) as; str prefix; };

/* ---- failing ---- */
bool elab_fail(struct elab *e, enum diag_code code, struct loc loc, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* A mistake of the grammar that only shows now: no other draw mends it. */
bool elab_wrong(struct elab *e, enum diag_code code, struct loc loc, const char *fmt, ...) PRINTF_LIKE(4, 5);
#define FAIL(e, ...) ((e)->ds ? elab_fail((e), __VA_ARGS__) : false)
struct emark { struct arena_mark m; u32 trail; struct recipes recipe; struct count total, rel; u64 nodes; u32 nunit; u64 params_hash;
               bool outer_share; u32 depth; u64 steps, tried, wasted; };
/* Before an alternative is tried; what is undone later counts as wasted. */
struct emark elab_mark(struct elab *e);
void elab_undo(struct elab *e, const struct emark *m);
void elab_trail(struct elab *e, enum trail_kind k, void *p, const void *old);

/* ---- values ---- */
static inline struct val val_int(i64 i) { return (struct val){.kind = V_NUM, .exact = true, .i = i}; }
static inline struct val val_str(str s) { return (struct val){.kind = V_STR, .s = s}; }
static inline struct val val_tensor(type_id t) { return (struct val){.kind = V_TENSOR, .type = t}; }
struct val val_num(struct elab *e, struct num n);
struct num val_get(struct val v);                       /* of a NUM */
static inline bool val_as_int(struct val v, i64 *out) { *out = v.i; return v.kind == V_NUM && v.exact; }
struct val val_tuple(struct elab *e, u32 n, const struct val *at);
bool val_same(const struct val *a, const struct val *b);        /* for memos: equal in what they give */
const char *val_kind_name(const struct val *v);
bool val_print(struct buf *b, const struct val *v);     /* as in a notation; false: a tensor or stage */
bool val_has_text(const struct val *v);

/* ---- expressions (elab_expr.c, elab_num.c) ---- */
bool elab_eval(struct elab *e, struct frame *f, const struct ast *n, struct val *out);
/* The same, but a rule without parameters stays a stage: in the place of a function. */
bool elab_callee(struct elab *e, struct frame *f, const struct ast *n, struct val *out);
bool elab_num(struct elab *e, struct frame *f, const struct ast *n, struct num *out);
bool elab_int(struct elab *e, struct frame *f, const struct ast *n, i64 *out);
bool elab_cond(struct elab *e, struct frame *f, const struct ast *n, bool *out);
bool elab_binary(struct elab *e, const struct ast *n, struct val l, struct val r, struct val *out);
bool elab_builtin(struct elab *e, struct frame *f, u32 builtin, u32 narg, const struct val *arg, const struct ast *at, struct val *out);
bool elab_bind_pat(struct elab *e, struct frame *f, const struct ast *pat, struct val v);
/* The elements of a family's or choose's set, ranges spread out. */
struct opt_val { const struct ast *opt, *weight; struct val v; };
bool elab_opts(struct elab *e, struct frame *f, const struct ast *opts, bool values, u32 *n, struct opt_val **out);

/* ---- types (elab_type.c) ---- */
bool elab_match(struct elab *e, struct frame *f, const struct ast *type, struct val v, bool quiet);
/* A concrete type; 0 and *pending when a name in it has no value yet. */
type_id elab_make_type(struct elab *e, struct frame *f, const struct ast *type, bool *pending);

/* ---- applying (elab_call.c, elab_rule.c, elab_fn.c) ---- */
bool elab_apply(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out);
const struct stage *stage_with_attrs(struct elab *e, const struct stage *st, u32 n, const struct sattr *attr);
bool elab_apply_op_named(struct elab *e, const char *prelude_op, u32 nattr, const struct num *attr, u32 narg, const struct val *arg,
                         const struct ast *at, struct val *out);
bool elab_apply_rule(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out);
/* A rule of sizes or values without parameters is applied where it is mentioned. */
bool stage_is_nullary(const struct stage *st);
bool elab_choose(struct elab *e, struct frame *f, const struct ast *n, const struct ast *label, struct val *out);
/* The alternatives of a rule whose families and weights are constants: spelled out once; NULL where they are not. */
const struct acases *elab_fixed_cases(struct elab *e, const struct gram_rule *r);
/* All alternatives of a rule in a frame. */
bool elab_cases(struct elab *e, struct frame *f, const struct gram_rule *r, struct acases *out);
void elab_set_family(struct frame *f, const struct acase *c);
/* Given weights stand; `rest` ones share what is left; without a rest they are relative. */
bool elab_settle(struct elab *e, struct loc loc, u32 n, double *w, const bool *rest);
bool elab_is_pure(const struct ast *n);                 /* draws nothing, applies nothing */
void elab_follow(struct enode *d, struct enode *decided);
/* A draw under ff->draw; NULL: not possible. */
struct enode *elab_new_draw(struct elab *e, struct frame *ff, const struct ast *at, str label, const struct gram_rule *r, struct loc loc);
/* Decides a draw of a rule in its frame, and evaluates the alternative. */
bool elab_decide(struct elab *e, struct frame *f, const struct gram_rule *r, struct enode *d, struct val *out);
/* The alternatives known to fail for these arguments, a bit each; NULL where that is not kept (elab_viable.c). */
u64 *elab_dead(struct elab *e, struct frame *f, const struct gram_rule *r, u32 ncase);
/* Marks in tried[] the alternatives of weight above 0 that draw nothing and do not type for these arguments, limits aside, after trying
 * what is not known: the same marks whatever was known.  For choosers, in pick.  False: e->hard. */
bool elab_sift(struct elab *e, struct frame *f, const struct gram_rule *r, const struct acases *c, bool *tried);
bool elab_is_terminal(const struct acase *c);           /* draws nothing, does not read depth */
bool elab_net_is_plain(const struct gram_rules *s);
/* Evaluates one alternative. */
bool elab_alternate(struct elab *e, struct frame *f, const struct gram_rule *r, const struct acase *c, struct val *out);
void elab_attr_vars(struct elab *e, struct enode *d);   /* before the choice: attributes */
void elab_fill_vars(struct elab *e, struct enode *d);   /* at the end: all that a notation may show */
/* The value of a local of an evaluated alternative; "": what the draw gave.  V_NONE: there is none. */
struct val elab_local(const struct enode *d, str name);
struct elab_choice { struct elab *e; struct enode *d; const struct acases *cases; };
bool elab_root(struct elab *e, const struct gram_rule *space, struct enode *forced, struct enode **root, struct val *out);
bool elab_apply_once(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out);
bool elab_apply_each(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out);
bool elab_apply_repeat(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out);
/* Parameters of a pattern against arguments, tuples spread: args in their final number, or false. */
bool elab_spread(struct elab *e, u32 nparam, u32 narg, const struct val *arg, u32 *n, const struct val **out);
struct frame *elab_frame(struct elab *e, u32 nslot, struct frame *up);
struct elab_cache *elab_cache(struct elab *e);

/* ---- what is remembered (elab_frag.c) ---- */
/* A value as words, as a key; false: it is no key (a function, an inexact number). */
bool elab_words(const struct val *v, u32 most, u64 *w, u32 *n);
/* An application that draws nothing: of what, to what, and how it is evaluated.  eval works on the arguments it is given and leaves
 * in slot[0 .. nslot) what it bound. */
struct elab_known {
    const void *of; u32 alt;
    u32 nattr; const struct sattr *attr;
    u32 narg; const struct val *arg;
    u32 nslot; struct val *slot;
    const struct enode *home;
    bool (*eval)(struct elab *e, const struct elab_known *k, const struct val *arg, struct val *out);
    const struct stage *stage; const struct ast *at;        /* of eval: nets */
    struct frame *frame; const struct gram_rule *rule; const struct acase *c;       /* alternatives */
};
enum elab_how { ELAB_EVALUATE /* in full: nothing is done yet */, ELAB_YES, ELAB_NO };
enum elab_how elab_known(struct elab *e, struct elab_known *k, struct loc loc, struct val *out);
/* While recording (e->rec). */
bool elab_record_op(struct elab *e, const struct op_bind *b, str label, u32 narg, const struct val *arg, u32 *out0);
bool elab_record_refuse(struct elab *e);                /* this is not remembered; false */
bool elab_record_knows(const struct elab *e, const struct enode *home);

/* Makes what inputs of the space can be made by now. */
bool elab_space_inputs(struct elab *e, bool must);

/* ---- the graph (elab_fn.c) ---- */
void elab_open(struct elab *e, str name, u32 nparam, const type_id *param);
aval elab_use(struct elab *e, struct val v);            /* a tensor as a value of the innermost function */
void elab_tensors(struct elab *e, const struct val *v, u32 *n, struct val *out, u32 cap);      /* flattened; counts past cap */
/* Counts under the replication under way, and checks the limits (elab_call.c). */
bool elab_add(struct elab *e, const struct count *c, u64 nodes, bool params, struct loc loc);
/* What an instance of an op costs; remembered. */
struct count elab_op_count(struct gram *g, const struct op_bind *b);
str elab_prefixed(struct elab *e, str name);

bool elab_limits(struct elab *e, struct frame *f);      /* those declared, with the space's attributes in f */
/* How an evaluation ended. */
struct elab_end { bool hard, over_work, bounded; u64 steps, tried; };
enum { DERIVE_MOST_ATTEMPTS = 2000, DERIVE_MOST_WORK = 30000000 /* steps of all attempts */ };
enum { ELAB_MOST_STEPS = 1000000, ELAB_MOST_WASTED = 2000 /* alternatives undone in one attempt */, ELAB_MOST_NEST = 700 };
void elab_begin(struct elab *e, struct arena *a, struct gram *g, const struct chooser *c, struct diags *ds);
/* The body of a space, its inputs and its conditions. */
bool elab_body(struct elab *e, const struct gram_rule *space, struct enode *forced, struct enode **root, struct val *out);
struct derivation *elab_run(struct arena *a, struct gram *g, const struct gram_rule *space, const struct chooser *c, struct diags *ds,
                            struct arch **arch_out, struct elab_end *end);

/* The graph alone, built while it is decided, by a chooser that does not retry; NULL: not possible. */
struct arch *elab_graph(struct arena *a, struct gram *g, const struct gram_rule *space, const struct chooser *c, struct diags *ds);

/* A finished derivation again, with all that is known of its draws (frame, chosen); NULL: not possible. */
struct enode *elab_again(struct arena *a, struct gram *g, const struct derivation *d);

/* ---- tabulating (typed_fill.c): draws that are not drawn, but noted ---- */
bool tab_decide(struct elab *e, struct frame *f, const struct gram_rule *r, struct enode *d, struct val *out);
struct opt_val;
bool tab_choose(struct elab *e, struct frame *f, struct enode *d, const struct acases *c, const struct opt_val *ov, struct val *out);
enum tab_once { TAB_ONCE, TAB_ONCE_END, TAB_AGAIN };
bool tab_once(struct elab *e, enum tab_once what, u32 use);
u32 tab_use(struct elab *e);                            /* a number for a use of a once body */
bool tab_cannot(struct elab *e);                        /* what the tables do not take */
void tab_limits(struct elab *e);

/* ---- alternatives too deep for the limit (elab_need.c) ---- */
/* Levels of depth that draws in an alternative surely take, if no argument of the rule is a function; the most of any. */
u32 elab_need(struct gram *g, const struct acase *c);
u32 elab_most_need(struct gram *g, const struct gram_rule *r);
bool elab_args_are_values(const struct gram_rule *r, const struct frame *f);

u64 path_mix(u64 path, u64 step);

#endif
