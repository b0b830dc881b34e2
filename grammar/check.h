/* check.h - the parts of the checker among themselves. */
#ifndef NASC_CHECK_H
#define NASC_CHECK_H
#include "grammar/gram_load.h"

void check_flow(struct gram *g);                        /* check_flow.c */
/* elab_alt.c: spells out what is constant of a rule's alternatives; complains about their weights. */
void elab_check_weights(struct gram *g, const struct gram_rule *r);

#endif
