/* ast.c - making nodes of the tree, their names, and the tree as records. */
#include "grammar/ast.h"

#include "compiler/base/rec.h"

struct ast *ast_new(struct arena *a, enum ast_kind kind, struct loc loc, str text, struct ast **kid, u32 nkid)
{
    CHECK(kind < AST_KINDS);
    struct ast *n = NEW(a, struct ast);
    n->kind = (u16)kind;
    n->loc = loc;
    n->text = text;
    n->nkid = nkid;
    n->kid = nkid ? arena_dup(a, kid, nkid * sizeof *kid) : NULL;
    n->depth = 1;
    for (u32 i = 0; i < nkid; i++)
        if (kid[i])
            n->depth = MAX(n->depth, kid[i]->depth + 1);
    return n;
}

const char *ast_kind_name(enum ast_kind k)
{
    static const char *const name[] = {
#define X(kind, name, children) name,
#include "grammar/ast.def"
#undef X
    };
    return k < AST_KINDS ? name[k] : "?";
}

const char *ast_binop_text(enum ast_binop op)
{
    static const char *const text[] = {
        [AB_OR] = "or", [AB_AND] = "and", [AB_LT] = "<", [AB_LE] = "<=", [AB_GT] = ">", [AB_GE] = ">=", [AB_EQ] = "==",
        [AB_NE] = "!=", [AB_ADD] = "+", [AB_SUB] = "-", [AB_CAT] = "++", [AB_MUL] = "*", [AB_DIV] = "/", [AB_MOD] = "%",
    };
    return op < COUNTOF(text) ? text[op] : "?";
}

static const char *bind_name(u16 kind)
{
    static const char *const name[] = {
        [BIND_LOCAL] = "local", [BIND_CONST] = "const", [BIND_OP] = "op", [BIND_RULE] = "rule", [BIND_MONOID] = "monoid",
        [BIND_TEXT] = "text", [BIND_ARCH] = "arch", [BIND_BUILTIN] = "builtin", [BIND_MODULE] = "module",
    };
    return kind < COUNTOF(name) && name[kind] ? name[kind] : "?";
}

static void put_flags(struct buf *b, u8 flags)
{
    static const char *const name[] = { ":inline", ":bare", ":tuple", ":iter", ":paren" };
    for (u32 i = 0; i < COUNTOF(name); i++)
        if (flags & (1u << i))
            rec_put_word(b, name[i]);
}

/* (kind :flag.. op text number kids..): every kid on its own line, `-` for an absent one. */
static void dump(struct buf *b, const struct ast *n, int depth)
{
    rec_open(b, depth, ast_kind_name(n->kind));
    put_flags(b, n->flags);
    if (n->kind == A_BINARY)
        rec_put_word(b, ast_binop_text(n->op));
    if (n->kind == A_INT || n->kind == A_REAL) {
        buf_putc(b, ' ');
        num_print(b, n->num);
    } else if (n->text) {
        rec_put_word(b, n->text);
    }
    if (n->bind.kind != BIND_NONE) {
        buf_puts(b, " :is");
        rec_put_word(b, bind_name(n->bind.kind));
        if (n->bind.kind == BIND_LOCAL)
            rec_put_int(b, n->bind.slot);
    }
    for (u32 i = 0; i < n->nkid; i++)
        if (n->kid[i])
            dump(b, n->kid[i], depth + 1);
        else
            rec_put_word(b, "-");
    rec_close(b);
}

void ast_dump(struct buf *b, const struct ast *n)
{
    dump(b, n, 0);
    buf_putc(b, '\n');
}
