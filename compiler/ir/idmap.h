/* idmap.h - hash to candidate ids, held in an arena (so it goes with its table, unlike hmap).
 *
 * The caller compares:  u32 i = idmap_home(m, h);  while ((id = idmap_find(m, h, &i))) ...
 * visits every id put under hash h; ids are 1-based. */
#ifndef NASC_IDMAP_H
#define NASC_IDMAP_H
#include "compiler/base/arena.h"

struct idmap { u32 *id; u64 *hash; u32 cap, n; };

static inline u32 idmap_home(const struct idmap *m, u64 h)
{
    return m->cap ? (u32)(h ^ h >> 32) & (m->cap - 1) : 0;
}
static inline u32 idmap_step(const struct idmap *m, u32 i)
{
    return (i + 1) & (m->cap - 1);
}
/* The first candidate with this hash from place *i on, 0 if none; advances *i past it. */
static inline u32 idmap_find(const struct idmap *m, u64 h, u32 *i)
{
    if (!m->cap)
        return 0;
    for (; m->id[*i]; *i = idmap_step(m, *i))
        if (m->hash[*i] == h) {
            u32 id = m->id[*i];
            *i = idmap_step(m, *i);
            return id;
        }
    return 0;
}
static inline void idmap_put(struct arena *a, struct idmap *m, u64 h, u32 id)
{
    CHECK(id);
    if ((m->n + 1) * 4 > m->cap * 3) {
        struct idmap to = { .cap = m->cap ? m->cap * 2 : 64 };
        to.id = NEW_ARRAY(a, u32, to.cap);
        to.hash = NEW_ARRAY(a, u64, to.cap);
        for (u32 k = 0; k < m->cap; k++)
            if (m->id[k]) {
                u32 i = idmap_home(&to, m->hash[k]);
                while (to.id[i])
                    i = idmap_step(&to, i);
                to.id[i] = m->id[k];
                to.hash[i] = m->hash[k];
            }
        to.n = m->n;
        *m = to;
    }
    u32 i = idmap_home(m, h);
    while (m->id[i])
        i = idmap_step(m, i);
    m->id[i] = id;
    m->hash[i] = h;
    m->n++;
}

#endif
