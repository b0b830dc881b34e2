/* ast.h - the tree as written: one uniform node, whose kinds and children are rows of ast.def.
 *
 * Built by parse.y in a file's arena; never changed after resolve.c has filled `bind`.
 * Every node carries its place.  Children are addressed by position (the AST_* names below
 * where a kind has more than two). */
#ifndef NASC_AST_H
#define NASC_AST_H
#include "compiler/base/diag.h"
#include "compiler/base/num.h"
#include "compiler/base/str.h"

enum ast_kind {
#define X(kind, name, children) kind,
#include "grammar/ast.def"
#undef X
    AST_KINDS
};
enum ast_flag { AF_INLINE = 1, AF_BARE = 2, AF_TUPLE = 4, AF_ITER = 8, AF_PAREN = 16 /* e was written in ( ) */ };
enum ast_binop { /* A_BINARY */
    AB_OR, AB_AND, AB_LT, AB_LE, AB_GT, AB_GE, AB_EQ, AB_NE, AB_ADD, AB_SUB, AB_CAT /* ++ */, AB_MUL, AB_DIV, AB_MOD
};

/* What a name stands for; filled by grammar/resolve.c, read by check, op_build and elab. */
enum bind_kind {
    BIND_NONE,
    BIND_LOCAL,         /* .slot in the frame of the enclosing rule/net/space or lambda: see gram.h */
    BIND_CONST,         /* .ptr: struct gram_const */
    BIND_OP,            /* .ptr: struct gram_fn (an overload set of ops) */
    BIND_RULE,          /* .ptr: struct gram_fn (overload set of rules, nets or spaces) */
    BIND_MONOID,        /* .ptr: struct gram_monoid */
    BIND_TEXT, BIND_ARCH,
    BIND_BUILTIN,       /* .slot: enum gram_builtin (floor, extent, depth, ...) */
    BIND_MODULE         /* the `nn` of nn.linear */
};

struct ast {
    u16 kind;           /* enum ast_kind */
    u8 flags, op;       /* enum ast_flag; enum ast_binop */
    struct loc loc;
    str text;           /* "str" in ast.def */
    struct num num;     /* INT, REAL */
    struct ast **kid;           /* an absent child (`?` in ast.def) is NULL */
    u32 nkid;
    u32 depth;                  /* of the tree below: 1 for a leaf, at most AST_DEPTH */
    struct { u16 kind; u16 up; u32 slot; void *ptr; } bind;
    u32 id;             /* dense number within its file: keys of memo tables */
};

/* No tree is deeper, so walking one by recursion is safe. */
enum { AST_DEPTH = 500 };

struct ast *ast_new(struct arena *a, enum ast_kind kind, struct loc loc, str text, struct ast **kid, u32 nkid);
const char *ast_kind_name(enum ast_kind k);
const char *ast_binop_text(enum ast_binop op);
/* The tree as records, one node a line, without places; names say what they stand for once
 * resolved (--dump=ast). */
void ast_dump(struct buf *b, const struct ast *n);

/* Children of the kinds with several. */
enum { OP_ATTRS, OP_PARAMS, OP_TYPE, OP_WHERE, OP_BODY };
enum { RULE_ATTRS, RULE_PARAMS, RULE_TYPE, RULE_WHERE, RULE_ALTS };
enum { ALT_FORS, ALT_WEIGHT, ALT_EXPR, ALT_WHERE, ALT_NOTE };
enum { MONOID_IDS, MONOID_ZERO, MONOID_LIFT_IDS, MONOID_LIFT, MONOID_MERGE_IDS, MONOID_MERGE };

/* A parsed file. */
struct ast_comment { struct loc loc; bool own_line; };
struct ast_file {
    struct arena *a;
    const struct src *src;
    u32 nnodes;                         /* ids are 0 .. nnodes - 1, in reading order */
    struct ast *root;                   /* A_FILE; items that parsed, even after errors */
    VEC(struct ast_comment) comments;   /* in order, for fmt */
};
/* Text to tree.  Complains through ds and resynchronises at the next item or statement, so several
 * errors are found in one run; returns the file (root may lack broken items). */
struct ast_file *ast_parse(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *src);
/* One expression (a `-D NAME=value`, a filter).  NULL after complaining. */
struct ast *ast_parse_expr(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *src);
/* The one layout for every file (nasc fmt): idempotent, comments kept, same tree. */
void ast_format(struct buf *b, const struct ast_file *f);

#endif
