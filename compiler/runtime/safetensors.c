/* safetensors.c - a model's weights from a .safetensors file.
 *
 *   8 bytes: length of the header    header, JSON, padded with spaces    elements
 *   {"a.w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {..}}
 *
 * In: any bytes.  Only what the model has is taken: the header's tensors are the model's, each once, with its dtype and shape; they cover the
 * rest of the file without holes, so that they are read one after the other (from a pipe, too). */
#include "rt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LARGEST = 100 * 1000 * 1000, NAME_LARGEST = 4096 };

/* What the header says of weight number i of the model. */
struct place { uint64_t from, to; uint32_t weight; bool seen; };
struct reader {
    const char *file, *start, *at, *end;
    const nasc_model *m;
    struct place *place;                /* [m->nweight] */
    nrt_error *e;
};

static bool bad(struct reader *r, const char *what)
{
    return nrt_fail(r->e, "%s: bad safetensors header, at byte %llu: %s", r->file, (unsigned long long)(r->at - r->start), what);
}

static void skip(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool take(struct reader *r, char c)
{
    skip(r);
    if (r->at >= r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* --- Strings: decoded into to[NAME_LARGEST]; what is longer can be no name of ours and ends in its own beginning --- */
struct name { char at[NAME_LARGEST]; size_t n; };

static void put(struct name *to, uint32_t c)
{
    unsigned char b[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = n; i-- > 1; c >>= 6)
        b[i] = (unsigned char)(0x80 | (c & 63));
    b[0] = (unsigned char)(first[n] | c);
    for (size_t i = 0; i < n && to->n + 1 < sizeof to->at; i++)
        to->at[to->n++] = (char)b[i];
}

static bool hex4(struct reader *r, uint32_t *out)
{
    *out = 0;
    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *r->at++;
        int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (d < 0)
            return false;
        *out = *out << 4 | (uint32_t)d;
    }
    return true;
}

static bool escape(struct reader *r, struct name *to)
{
    static const char from[] = "\"\\/bfnrt", what[] = "\"\\/\b\f\n\r\t";
    uint32_t c, low;
    char e = r->at < r->end ? *r->at++ : 0;
    const char *p = e ? strchr(from, e) : NULL;
    if (p) {
        put(to, (unsigned char)what[p - from]);
        return true;
    }
    if (e != 'u' || !hex4(r, &c))
        return bad(r, "an escape that there is not");
    if (c >= 0xd800 && c < 0xdc00) {
        if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
            return bad(r, "half of a pair of surrogates");
        r->at += 2;
        if (!hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
            return bad(r, "half of a pair of surrogates");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
        return bad(r, "half of a pair of surrogates");
    }
    if (!c)
        return bad(r, "a zero in a string");
    put(to, c);
    return true;
}

static bool string(struct reader *r, struct name *to)
{
    to->n = 0;
    if (!take(r, '"'))
        return bad(r, "a string is expected");
    while (r->at < r->end && *r->at != '"') {
        unsigned char c = (unsigned char)*r->at++;
        if (c < 0x20)
            return bad(r, "a control character in a string");
        if (c == '\\') {
            if (!escape(r, to))
                return false;
        } else if (to->n + 1 < sizeof to->at) {
            to->at[to->n++] = (char)c;
        }
    }
    to->at[to->n] = 0;
    if (r->at >= r->end)
        return bad(r, "a string without an end");
    r->at++;
    return true;
}

static bool natural(struct reader *r, uint64_t *v)
{
    skip(r);
    const char *from = r->at;
    *v = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
        if (__builtin_mul_overflow(*v, 10, v) || __builtin_add_overflow(*v, (uint64_t)(*r->at - '0'), v))
            return bad(r, "a number does not fit 64 bits");
    bool zeros = r->at - from > 1 && *from == '0';
    return (r->at > from && !zeros) || bad(r, "a natural number is expected");
}

/* [1, 2, ..]: at most `most` numbers. */
static bool naturals(struct reader *r, uint64_t *v, uint32_t most, uint32_t *n)
{
    *n = 0;
    if (!take(r, '['))
        return bad(r, "a list is expected");
    if (take(r, ']'))
        return true;
    do {
        if (*n == most)
            return bad(r, "a list is too long");
        if (!natural(r, &v[(*n)++]))
            return false;
    } while (take(r, ','));
    return take(r, ']') || bad(r, "] is expected");
}

/* --- Entries --- */
static bool metadata(struct reader *r, struct name *scratch)
{
    if (!take(r, '{'))
        return bad(r, "__metadata__ is not a table of strings");
    if (take(r, '}'))
        return true;
    do {
        if (!string(r, scratch) || !take(r, ':') || !string(r, scratch))
            return bad(r, "__metadata__ is not a table of strings");
    } while (take(r, ','));
    return take(r, '}') || bad(r, "} is expected");
}

static bool matches(const nasc_tensor *t, const char *dtype, uint32_t rank, const uint64_t *shape)
{
    bool same = strcmp(nrt_dtypes[t->dtype].safetensors, dtype) == 0 && t->rank == rank;
    for (uint32_t i = 0; same && i < rank; i++)
        same = (uint64_t)t->extent[i] == shape[i];
    return same;
}

static bool other_shape(struct reader *r, const nasc_tensor *t, const char *dtype, uint32_t rank, const uint64_t *shape)
{
    char want[600], got[600];
    int64_t extent[NRT_RANK];
    uint32_t d = 0;
    for (uint32_t i = 0; i < rank; i++)
        extent[i] = (int64_t)shape[i];
    while (d < NRT_DTYPES && strcmp(nrt_dtypes[d].safetensors, dtype) != 0)
        d++;
    if (d == NRT_DTYPES)
        return nrt_fail(r->e, "%s: `%.200s` has elements of dtype \"%.40s\"; the model's is %s", r->file, t->name, dtype,
                        nrt_shape(want, sizeof want, t->dtype, t->rank, t->extent));
    return nrt_fail(r->e, "%s: `%.200s` is %s, the model's is %s: these are the weights of another model", r->file, t->name,
                    nrt_shape(got, sizeof got, d, rank, extent), nrt_shape(want, sizeof want, t->dtype, t->rank, t->extent));
}

static bool entry(struct reader *r, const char *key)
{
    enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
    struct name word;
    char dtype[48] = "";
    uint64_t shape[NRT_RANK], offset[2];
    uint32_t rank = 0, noffset = 0, w = 0;
    unsigned seen = 0;
    if (!take(r, '{'))
        return bad(r, "a tensor is not a table");
    do {
        if (!string(r, &word) || !take(r, ':'))
            return bad(r, "a tensor is not a table of dtype, shape and data_offsets");
        unsigned which = strcmp(word.at, "dtype") == 0 ? DTYPE : strcmp(word.at, "shape") == 0 ? SHAPE : strcmp(word.at, "data_offsets") == 0 ? OFFSETS : 0;
        if (!which || (seen & which))
            return bad(r, which ? "a key stands twice" : "a key other than dtype, shape and data_offsets");
        seen |= which;
        if (which == DTYPE && !string(r, &word))
            return false;
        if (which == DTYPE)
            snprintf(dtype, sizeof dtype, "%.40s", word.at);
        if ((which == SHAPE && !naturals(r, shape, NRT_RANK - 1, &rank)) || (which == OFFSETS && !naturals(r, offset, 2, &noffset)))
            return false;
    } while (take(r, ','));
    if (!take(r, '}') || seen != (DTYPE | SHAPE | OFFSETS) || noffset != 2)
        return bad(r, "a tensor needs exactly dtype, shape and two data_offsets");
    while (w < r->m->nweight && strcmp(r->m->weight[w].name, key) != 0)
        w++;
    if (w == r->m->nweight)
        return nrt_fail(r->e, "%s: the model has no tensor `%.200s`: these are the weights of another model", r->file, key);
    const nasc_tensor *t = &r->m->weight[w];
    if (r->place[w].seen)
        return nrt_fail(r->e, "%s: `%.200s` stands twice", r->file, key);
    if (!matches(t, dtype, rank, shape))
        return other_shape(r, t, dtype, rank, shape);
    if (offset[0] > offset[1] || offset[1] - offset[0] != t->bytes)
        return nrt_fail(r->e, "%s: `%.200s` takes %llu bytes, its offsets give another number", r->file, key, (unsigned long long)t->bytes);
    r->place[w] = (struct place){ offset[0], offset[1], w, true };
    return true;
}

static bool header(struct reader *r)
{
    struct name key;
    bool more = !take(r, '{') ? bad(r, "it is not a table") : true, described = false;
    if (!more)
        return false;
    for (more = !take(r, '}'); more;) {
        if (!string(r, &key))
            return false;
        if (!take(r, ':'))
            return bad(r, ": is expected");
        bool meta = strcmp(key.at, "__metadata__") == 0;
        if (meta && described)
            return bad(r, "a key stands twice");
        described |= meta;
        if (!(meta ? metadata(r, &key) : entry(r, key.at)))
            return false;
        more = take(r, ',');
        if (!more && !take(r, '}'))
            return bad(r, ", or } is expected");
    }
    skip(r);
    return r->at == r->end || bad(r, "text follows the table");
}

static int by_place(const void *pa, const void *pb)
{
    const struct place *a = pa, *b = pb;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

/* All weights are there, and lie side by side. */
static bool check_places(struct reader *r)
{
    char want[600];
    uint64_t at = 0;
    for (uint32_t i = 0; i < r->m->nweight; i++) {
        const nasc_tensor *t = &r->m->weight[i];
        if (!r->place[i].seen)
            return nrt_fail(r->e, "%s: the model's tensor `%.200s` %s is missing: these are the weights of another model", r->file, t->name,
                            nrt_shape(want, sizeof want, t->dtype, t->rank, t->extent));
    }
    qsort(r->place, r->m->nweight, sizeof *r->place, by_place);
    for (uint32_t i = 0; i < r->m->nweight; i++) {
        if (r->place[i].from != at)
            return nrt_fail(r->e, "%s: `%.200s`: %s", r->file, r->m->weight[r->place[i].weight].name,
                            r->place[i].from < at ? "it overlaps another tensor" : "a hole lies before it");
        at = r->place[i].to;
    }
    return true;
}

static bool read_elements(struct reader *r, nrt_in *in, unsigned char *block)
{
    for (uint32_t i = 0; i < r->m->nweight; i++) {
        const nasc_tensor *t = &r->m->weight[r->place[i].weight];
        if (!nrt_read(in, block + t->offset, t->bytes, r->e))
            return false;
        for (uint64_t k = 0; t->dtype == NASC_BOOL && k < t->bytes; k++)
            if (block[t->offset + k] > 1)
                return nrt_fail(r->e, "%s: `%.200s`: a bool that is neither 0 nor 1", r->file, t->name);
    }
    return nrt_at_end(in, r->e);
}

bool nrt_weights_read(nrt_in *in, const nasc_model *m, void *block, nrt_error *e)
{
    unsigned char start[8];
    uint64_t n = 0;
    if (in->sized && in->left < 8)
        return nrt_fail(e, "%s: this is not a safetensors file: it has %llu bytes", in->name, (unsigned long long)in->left);
    if (!nrt_read(in, start, 8, e))
        return false;
    for (int i = 8; i-- > 0;)
        n = n << 8 | start[i];
    if (n > HEADER_LARGEST || n < 2)
        return nrt_fail(e, "%s: this is not a safetensors file: its header would take %llu bytes", in->name, (unsigned long long)n);
    char *text = nrt_read_new(in, n, e);
    struct place *place = text ? calloc(m->nweight + (size_t)1, sizeof *place) : NULL;
    struct reader r = { in->name, text, text, text ? text + n : NULL, m, place, e };
    bool ok = text && (place || nrt_fail_env(e, "there is no memory")) && header(&r) && check_places(&r) && read_elements(&r, in, block);
    free(place);
    free(text);
    return ok;
}
