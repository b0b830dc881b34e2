/* cpu.c - see cpu.h. */
#include "cpu.h"

#include <stdio.h>
#include <string.h>

/* Is the name in "+a,+b"? */
static int named(const char *features, const char *name)
{
    size_t n = strlen(name);
    for (const char *s = features; s && (s = strchr(s, '+')); s++)
        if (strncmp(s + 1, name, n) == 0 && (s[1 + n] == ',' || !s[1 + n]))
            return 1;
    return 0;
}

static void note(char *why, size_t size, const char *what)
{
    size_t n = strlen(why);
    if (n < size)
        snprintf(why + n, size - n, "%s%s", n ? ", " : "", what);
}

int nasc_cpu_check(const nasc_model *m, char *why, size_t size)
{
    char text[80];
    const char *name;
    int fits = 1;
    if (size)
        *why = 0;
    for (unsigned k = 0, has; has = (unsigned)nasc_cpu_has(k, &name), name; k++)
        if (!has && named(m->features, name)) {
            note(why, size, name);
            fits = 0;
        }
    unsigned bits = m->vector_bits ? nasc_cpu_vector_bits() : 0;
    if (bits < m->vector_bits) {
        snprintf(text, sizeof text, bits ? "vectors of %u bits (its own have %u)" : "vectors of %u bits", (unsigned)m->vector_bits, bits);
        note(why, size, text);
        fits = 0;
    }
    return fits;
}
