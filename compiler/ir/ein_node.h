/* ein_node.h - between ein.c and ein_index.c: results remembered by node during one rewrite. */
#ifndef NASC_EIN_NODE_H
#define NASC_EIN_NODE_H
#include "compiler/ir/ein.h"

/* A new memo; the previous one is forgotten. */
u32 ein_memo_open(struct cascade *c);
ein_node ein_memo_get(const struct cascade *c, u32 stamp, ein_node x);
void ein_memo_put(struct cascade *c, u32 stamp, ein_node x, ein_node to);
/* Node x with other children, through the constructors. */
ein_node ein_rebuild(struct cascade *c, ein_node x, ein_node a, ein_node b, ein_node z, const ein_node *list);

#endif
