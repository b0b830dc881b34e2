/* cross_judge.c - what a job is fed and what must come out of it: by the evaluator. */
#include "compiler/base/buf.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"
#include "tests/differential/cross.h"
#include "tests/differential/gen_inputs.h"

#include <math.h>

static struct cross_tensor tensor(struct arena *a, const struct cascade *c, u32 t, const struct ein_array *from)
{
    const struct ein_tens *x = &c->tens.at[t];
    struct cross_tensor r = { .name = x->name, .dtype = x->dtype, .n = from->n, .bytes = from->n * dtype_bytes(x->dtype) };
    r.at = arena_alloc(a, r.bytes + 8);
    for (u64 i = 0; i < r.n; i++)
        elem_set(x->dtype, r.at, i, from->v[i]);
    return r;
}

/* An evaluation with its inputs and weights, from seeds. */
static struct ein_eval *fed(struct arena *a, const struct cascade *c, enum eval_mode mode, i64 batch, u64 seed, bool specials)
{
    struct ein_eval *ev = ein_eval_new(a, c, mode, batch);
    u32 number = 0;
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *x = &c->tens.at[t];
        if (x->role == EIN_IN) {
            double *v = ein_eval_alloc(ev, c, t);
            for (u64 i = 0; i < ev->tens[t].n; i++)
                v[i] = gen_input((enum dtype)x->dtype, seed, number, i, specials);
            number++;
        } else if (x->role == EIN_PARAM || x->role == EIN_STATE) {
            double *v = ein_eval_alloc(ev, c, t);
            gen_weights(x, seed, ev->tens[t].n, v);
        }
    }
    return ev;
}

bool cross_job_make(struct arena *a, u32 index, const struct cross_program *p, i64 batch, u64 seed, bool specials, struct cross_job *j, struct buf *why)
{
    enum { WORK = 400 << 20 };
    const struct cascade *c = p->c;
    struct arena *own = arena_new_in(a, "judge");
    struct ein_eval *ev = fed(own, c, p->strict ? EVAL_F32 : EVAL_BOUND, batch, seed, specials);
    ev->work_limit = WORK;
    *j = (struct cross_job){ .program = index, .batch = batch, .seed = seed, .specials = specials };
    if (!ein_eval_run(ev, c, 0, c->eq.n, why)) {
        arena_free(own);
        return false;
    }
    j->in = NEW_ARRAY(a, struct cross_tensor, c->tens.n + 1);
    j->weight = NEW_ARRAY(a, struct cross_tensor, c->tens.n + 1);
    j->out = NEW_ARRAY(a, struct cross_want, c->tens.n + 1);
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *x = &c->tens.at[t];
        const struct ein_array *v = &ev->tens[t];
        if (x->role == EIN_IN) {
            j->in[j->nin++] = tensor(a, c, t, v);
        } else if (x->role == EIN_PARAM || x->role == EIN_STATE) {
            j->weight[j->nweight++] = tensor(a, c, t, v);
        } else if (x->role == EIN_OUT) {
            struct cross_want *w = &j->out[j->nout++];
            *w = (struct cross_want){ .dtype = x->dtype, .n = v->n, .bytes = v->n * dtype_bytes(x->dtype) };
            w->v = arena_dup(a, v->v, v->n * sizeof *v->v);
            w->err = p->strict ? NULL : arena_dup(a, v->err, v->n * sizeof *v->err);
        }
    }
    arena_free(own);
    return true;
}
