/* src.c - source texts, and the line and column of an offset. */
#include "compiler/base/src.h"

#include "compiler/base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct srcs { struct arena *a, *text; VEC(struct src *) all; };

struct srcs *srcs_new(struct arena *a)
{
    struct srcs *s = NEW(a, struct srcs);
    s->a = s->text = a;
    return s;
}

void srcs_into(struct srcs *s, struct arena *a)
{
    s->text = a;
}

u32 srcs_count(const struct srcs *s)
{
    return s->all.n;
}

void srcs_forget(struct srcs *s, u32 n)
{
    s->all.n = MIN(s->all.n, n);
}

const struct src *srcs_add(struct srcs *s, const char *name, const char *text, size_t len)
{
    if (len > SRC_LARGEST)
        BUG("source text of %zu bytes", len);
    struct src *f = NEW(s->text, struct src);
    char *copy = arena_alloc(s->text, len + 1);
    if (len)
        memcpy(copy, text, len);
    f->name = arena_strdup(s->text, name);
    f->text = copy;
    f->len = (u32)len;
    f->nlines = 1;
    for (u32 i = 0; i < f->len; i++)
        f->nlines += copy[i] == '\n';
    f->line_off = NEW_ARRAY(s->text, u32, f->nlines);
    for (u32 i = 0, line = 1; i < f->len; i++)
        if (copy[i] == '\n')
            f->line_off[line++] = i + 1;
    vec_push(s->a, &s->all, f);
    f->id = s->all.n;
    return f;
}

const struct src *srcs_get(const struct srcs *s, u32 file)
{
    return s && file && file <= s->all.n ? s->all.at[file - 1] : NULL;
}

struct src_pos src_pos(const struct src *s, u32 off)
{
    off = MIN(off, s->len);
    u32 lo = 0, hi = s->nlines;         /* line_off[lo] <= off < line_off[hi] */
    while (hi - lo > 1) {
        u32 mid = lo + (hi - lo) / 2;
        if (s->line_off[mid] <= off)
            lo = mid;
        else
            hi = mid;
    }
    return (struct src_pos){ lo + 1, off - s->line_off[lo] + 1 };
}

char *src_read_file(struct arena *a, const char *path, size_t *len)
{
    return src_read_file_max(a, path, len, SRC_LARGEST);
}

/* By reading until the end, so pipes work too. */
char *src_read_file_max(struct arena *a, const char *path, size_t *len, size_t most)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    struct stat st;
    char *text = NULL, *out = NULL;
    size_t n = 0, cap = 0;
    int err = 0;
    if (fstat(fileno(f), &st) == 0) {
        if (S_ISDIR(st.st_mode))
            err = EISDIR;
        else if (S_ISREG(st.st_mode) && st.st_size > 0 && (u64)st.st_size <= most)
            cap = (size_t)st.st_size + 1;
    }
    while (!err) {
        if (n == cap || !text) {
            size_t want = text ? cap * 2 : MAX(cap, (size_t)65536);
            char *more = realloc(text, want);
            if (!more) {
                err = ENOMEM;
                break;
            }
            text = more;
            cap = want;
        }
        size_t got = fread(text + n, 1, cap - n, f);
        if (!got) {
            if (ferror(f))
                err = errno ? errno : EIO;
            break;
        }
        n += got;
        if (n > most)
            err = EFBIG;
    }
    fclose(f);
    if (!err) {
        out = arena_alloc(a, n + 1);
        memcpy(out, text, n);
        *len = n;
    }
    free(text);
    errno = err;
    return out;
}

struct loc loc_join(struct loc a, struct loc b)
{
    if (!a.file || !b.file || a.file != b.file)
        return a.file ? a : b;
    u32 from = MIN(a.off, b.off), to = MAX(a.off + a.len, b.off + b.len);
    return (struct loc){ a.file, from, to - from };
}
