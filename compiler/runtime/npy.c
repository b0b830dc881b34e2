/* npy.c - NumPy's .npy files.
 *
 *   "\x93NUMPY" major minor, header length (2 bytes in version 1, else 4), header, elements
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 32, 32), }      spaces, \n
 *
 * In: any bytes.  The header is a Python literal; exactly the three keys are read, once each. */
#include "rt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LARGEST = 65536 };        /* 33 axes of 20 digits take less than a thousand bytes */

struct text { const char *name, *at, *end; nrt_error *e; };

static bool bad(struct text *t, const char *what)
{
    return nrt_fail(t->e, "%s: bad .npy header: %s", t->name, what);
}

static void skip(struct text *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\t' || *t->at == '\n' || *t->at == '\r'))
        t->at++;
}

/* Skips space, then takes the word if it is next. */
static bool take(struct text *t, const char *w)
{
    size_t n = strlen(w);
    skip(t);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, w, n) != 0)
        return false;
    t->at += n;
    return true;
}

/* A quoted string without escapes. */
static bool take_string(struct text *t, const char **s, size_t *n)
{
    skip(t);
    if (t->at >= t->end || (*t->at != '\'' && *t->at != '"'))
        return false;
    char quote = *t->at++;
    *s = t->at;
    while (t->at < t->end && *t->at != quote && *t->at != '\\' && *t->at != '\n')
        t->at++;
    if (t->at >= t->end || *t->at != quote)
        return false;
    *n = (size_t)(t->at++ - *s);
    return true;
}

static bool is(const char *s, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(s, word, n) == 0;
}

static bool read_descr(struct text *t, nrt_array *a)
{
    const char *s;
    size_t n;
    if (!take_string(t, &s, &n))
        return nrt_fail(t->e, "%s: structured arrays are not read", t->name);
    if (is(s, n, "|V2"))
        s = "<V2";
    for (uint32_t i = 0; i < NRT_DTYPES; i++)
        if (is(s, n, nrt_dtypes[i].npy)) {
            a->dtype = i;
            return true;
        }
    return nrt_fail(t->e, "%s: arrays of dtype '%.*s' are not read%s", t->name, n < 40 ? (int)n : 40, s,
                    n && *s == '>' ? "; x.astype(x.dtype.newbyteorder('<')) turns the bytes around"
                                   : "; f2 f4 f8 i1 i4 i8 u1 and bool are, in little-endian order");
}

static bool read_shape(struct text *t, nrt_array *a)
{
    if (!take(t, "("))
        return bad(t, "the shape is not a tuple");
    bool comma = true;
    for (a->rank = 0; !take(t, ")");) {
        if (!comma)
            return bad(t, "the shape is not a tuple of integers");
        if (a->rank == NRT_RANK)
            return bad(t, "too many axes");
        int64_t v = 0;
        const char *from = t->at;
        for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *t->at - '0', &v))
                return bad(t, "an extent does not fit 64 bits");
        if (t->at == from)
            return bad(t, "the shape is not a tuple of natural numbers");
        a->extent[a->rank++] = v;
        comma = take(t, ",");
    }
    return a->rank != 1 || comma || bad(t, "(n) is not a tuple, (n,) is");
}

bool nrt_npy_parse(const char *name, const char *text, size_t n, nrt_array *a, nrt_error *e)
{
    enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
    struct text t = { name, text, text + n, e };
    unsigned seen = 0;
    *a = (nrt_array){ 0 };
    if (!take(&t, "{"))
        return bad(&t, "it is not a dictionary");
    for (bool comma = true; !take(&t, "}"); comma = take(&t, ",")) {
        const char *key;
        size_t k;
        if (!comma || !take_string(&t, &key, &k) || !take(&t, ":"))
            return bad(&t, "it is not a dictionary of descr, fortran_order and shape");
        unsigned which = is(key, k, "descr") ? DESCR : is(key, k, "fortran_order") ? ORDER : is(key, k, "shape") ? SHAPE : 0;
        if (!which)
            return bad(&t, "a key other than descr, fortran_order and shape");
        if (seen & which)
            return bad(&t, "a key stands twice");
        seen |= which;
        if (which == DESCR && !read_descr(&t, a))
            return false;
        if (which == SHAPE && !read_shape(&t, a))
            return false;
        if (which == ORDER && !(a->fortran = take(&t, "True")) && !take(&t, "False"))
            return bad(&t, "fortran_order is neither True nor False");
    }
    if (seen != (DESCR | ORDER | SHAPE))
        return bad(&t, "descr, fortran_order or shape is missing");
    skip(&t);
    if (t.at != t.end)
        return bad(&t, "text follows the dictionary");
    return nrt_bytes(a->dtype, a->rank, a->extent, &a->bytes) || bad(&t, "its shape has more elements than 64 bits can count");
}

bool nrt_npy_head(nrt_in *in, nrt_array *a, nrt_error *e)
{
    unsigned char start[12];
    char text[HEADER_LARGEST];
    if (in->sized && in->left < 10)
        return nrt_fail(e, "%s: this is not a .npy file: it has %llu bytes", in->name, (unsigned long long)in->left);
    if (!nrt_read(in, start, 10, e))
        return false;
    if (memcmp(start, "\x93NUMPY", 6) != 0)
        return nrt_fail(e, "%s: this is not a .npy file%s", in->name,
                        memcmp(start, "PK\3\4", 4) == 0 ? " but an archive (.npz): save one array with numpy.save" : "");
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return nrt_fail(e, "%s: .npy version %u.%u is not known", in->name, start[6], start[7]);
    uint64_t n = start[8] | (uint64_t)start[9] << 8;
    if (start[6] > 1) {
        if (!nrt_read(in, start + 10, 2, e))
            return false;
        n |= (uint64_t)start[10] << 16 | (uint64_t)start[11] << 24;
    }
    if (n > sizeof text)
        return nrt_fail(e, "%s: bad .npy header: it claims %llu bytes, of at most %d", in->name, (unsigned long long)n, HEADER_LARGEST);
    return nrt_read(in, text, n, e) && nrt_npy_parse(in->name, text, (size_t)n, a, e);
}

/* Elements in Fortran order to C order: the last axis runs fastest in `to`. */
static void transpose(const nrt_array *a, const unsigned char *from, unsigned char *to)
{
    uint64_t size = nrt_dtypes[a->dtype].bytes, off = 0, s = size, stride[NRT_RANK];
    int64_t at[NRT_RANK] = { 0 };
    for (uint32_t i = 0; i < a->rank; i++) {
        stride[i] = s;
        s *= (uint64_t)a->extent[i];
    }
    for (uint64_t n = a->bytes / size; n; n--, to += size) {
        memcpy(to, from + off, (size_t)size);
        for (uint32_t i = a->rank; i-- > 0;) {
            off += stride[i];
            if (++at[i] < a->extent[i])
                break;
            off -= (uint64_t)at[i] * stride[i];
            at[i] = 0;
        }
    }
}

bool nrt_npy_data(nrt_in *in, nrt_array *a, nrt_error *e)
{
    unsigned char *p = nrt_read_new(in, a->bytes, e), *c;
    if (!p || !nrt_at_end(in, e)) {
        free(p);
        return false;
    }
    for (uint64_t i = 0; a->dtype == NASC_BOOL && i < a->bytes; i++)
        if (p[i] > 1) {
            nrt_fail(e, "%s: element %llu of a bool array is %u", in->name, (unsigned long long)i, p[i]);
            free(p);
            return false;
        }
    a->data = p;
    if (a->fortran && a->rank > 1 && a->bytes) {
        c = nrt_alloc(a->bytes, e);
        if (c)
            transpose(a, p, c);
        free(p);
        a->data = c;
    }
    return a->data != NULL;
}

size_t nrt_npy_write(char head[NRT_NPY_HEAD], uint32_t dtype, uint32_t rank, const int64_t *extent)
{
    size_t at = 10 + (size_t)snprintf(head + 10, NRT_NPY_HEAD - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (", nrt_dtypes[dtype].npy);
    for (uint32_t i = 0; i < rank; i++)
        at += (size_t)snprintf(head + at, NRT_NPY_HEAD - at, "%lld%s%s", (long long)extent[i], rank == 1 || i + 1 < rank ? "," : "",
                               i + 1 < rank ? " " : "");
    at += (size_t)snprintf(head + at, NRT_NPY_HEAD - at, "), }");
    while ((at + 1) % 64)               /* elements begin at a multiple of 64 */
        head[at++] = ' ';
    head[at++] = '\n';
    memcpy(head, "\x93NUMPY\1", 8);     /* the version is 1.0 */
    head[8] = (char)((at - 10) & 255);
    head[9] = (char)((at - 10) >> 8);
    return at;
}
