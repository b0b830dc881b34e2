/* fail.c - complaints and memory. */
#include "rt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void set_text(nrt_error *e, const char *fmt, va_list ap)
{
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    for (char *p = e->text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

bool nrt_fail(nrt_error *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_text(e, fmt, ap);
    va_end(ap);
    e->environment = false;
    return false;
}

bool nrt_fail_env(nrt_error *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_text(e, fmt, ap);
    va_end(ap);
    e->environment = true;
    return false;
}

void *nrt_alloc(uint64_t bytes, nrt_error *e)
{
    void *p = NULL;
    if (bytes > SIZE_MAX / 2 || posix_memalign(&p, NASC_MODEL_ALIGN, bytes ? (size_t)bytes : 1)) {
        nrt_fail_env(e, "there is no memory for %llu bytes", (unsigned long long)bytes);
        return NULL;
    }
    return p;
}
