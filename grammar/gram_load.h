/* gram_load.h - the steps from modules to a checked grammar, among themselves (gram*.c, resolve*.c, check*.c). */
#ifndef NASC_GRAM_LOAD_H
#define NASC_GRAM_LOAD_H
#include "grammar/gram.h"

/* resolve.c: binds every name of a module whose imports are resolved. */
void resolve_module(struct gram *g, struct gram_module *m);
/* Where an imported name clashes, both; *other NULL otherwise. */
struct gram_decl *resolve_lookup(struct gram *g, struct gram_module *m, str name, struct gram_decl **other);
i32 resolve_builtin(const char *name);                  /* -1: none */
/* resolve_decl.c: the declarations of a module, overload sets and imports filled. */
void resolve_decls(struct gram *g, struct gram_module *m);
/* gram_rule.c: alternatives taken apart, which nets draw, what rules yield. */
void gram_rules_prepare(struct gram *g);
/* elab.c: a constant expression; false after complaining. */
/* limit.c */
void limit_check_names(struct gram *g, const struct ast *n);            /* of an A_LIMIT: complains */
bool limit_number(struct num v, u128 *out);                             /* false: not a limit */
bool limit_set(struct limits *l, str name, u128 v, bool least);         /* least: unless there is a smaller one. false: no such limit */
void limit_overrule(struct limits *l, const struct limits *by);
bool elab_const(struct gram *g, const struct ast *n, struct num *v, str *s);
/* check.c */
void check_grammar(struct gram *g);

#endif
