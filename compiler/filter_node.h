/* filter_node.h - a filter as a tree (filter*.c only). */
#ifndef NASC_FILTER_NODE_H
#define NASC_FILTER_NODE_H
#include "compiler/filter.h"

#include <regex.h>

enum fop {
    F_INT, F_REAL, F_STR, F_FIELD,
    F_OR, F_AND, F_NOT,
    F_LT, F_LE, F_GT, F_GE, F_EQ, F_NE, F_CONTAINS, F_MATCH,
    F_ADD, F_SUB, F_MUL, F_DIV, F_MOD, F_NEG
};
static inline bool fop_compares(enum fop op) { return op >= F_LT && op <= F_NE; }

enum ftype { FT_NUM, FT_STR, FT_BOOL };
struct fnode {
    enum fop op;
    enum ftype type;
    struct loc loc;
    __int128 i; double r; const char *s; u32 field; regex_t *regex;
    struct fnode *kid[2];
};
struct filter {
    struct arena *a;
    struct fnode *root;
    u32 nfield; const struct field *field;
    bool *reads;
    VEC(regex_t *) regex;               /* compiled, to be freed */
};

#endif
