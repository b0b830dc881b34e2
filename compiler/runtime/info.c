/* info.c - a model's description as JSON: valid whatever its names hold. */
#include "rt.h"

#include <stdio.h>
#include <string.h>

/* Length of the well-formed UTF-8 character at s, 0 where there is none. */
static size_t utf8(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool low = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90), high = s[0] == 0xf4 && s[1] > 0x8f;
    return low || high || (s[0] == 0xed && s[1] > 0x9f) ? 0 : n;
}

static void string(const char *text)
{
    putchar('"');
    for (const unsigned char *s = (const unsigned char *)(text ? text : ""); *s;) {
        size_t n = utf8(s);
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if (*s < 0x20 || *s == 0x7f)
            printf("\\u%04x", *s);
        else
            printf("%.*s", n ? (int)n : 6, n ? (const char *)s : "\\ufffd");
        s += n ? n : 1;
    }
    putchar('"');
}

static void text(const char *key, const char *value)
{
    printf("  \"%s\": ", key);
    string(value);
    puts(",");
}

static void number(const char *key, uint64_t value)
{
    printf("  \"%s\": %llu,\n", key, (unsigned long long)value);
}

static void tensors(const char *key, const nasc_tensor *t, uint32_t n, bool offsets)
{
    printf("  \"%s\": [", key);
    for (uint32_t i = 0; i < n; i++) {
        printf("%s\n    {\"name\": ", i ? "," : "");
        string(t[i].name);
        printf(", \"dtype\": \"%s\", \"shape\": [", nrt_dtypes[t[i].dtype].name);
        for (uint32_t d = 0; d < t[i].rank; d++)
            printf("%s%lld", d ? ", " : "", (long long)t[i].extent[d]);
        printf("], \"bytes\": %llu", (unsigned long long)t[i].bytes);
        if (offsets)
            printf(", \"offset\": %llu", (unsigned long long)t[i].offset);
        putchar('}');
    }
    printf("%s]", n ? "\n  " : "");
}

bool nrt_info(const nasc_model *m, bool embedded, nrt_error *e)
{
    puts("{");
    number("abi", m->abi);
    text("name", m->name);
    text("id", m->id);
    text("arch", m->arch);
    text("target", m->target);
    text("cpu", m->cpu);
    text("features", m->features);
    text("compiler", m->compiler);
    number("vector_bits", m->vector_bits);
    number("weights_bytes", m->weights_bytes);
    number("packed_bytes", m->packed_bytes);
    number("sample_bytes", m->sample_bytes);
    number("worker_bytes", m->worker_bytes);
    printf("  \"weights_embedded\": %s,\n", embedded ? "true" : "false");
    tensors("inputs", m->input, m->ninput, false);
    puts(",");
    tensors("outputs", m->output, m->noutput, false);
    puts(",");
    tensors("weights", m->weight, m->nweight, true);
    puts("\n}");
    return (fflush(stdout) == 0 && !ferror(stdout)) || nrt_fail_env(e, "standard output: cannot be written");
}
