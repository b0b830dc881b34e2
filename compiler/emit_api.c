/* emit_api.c - native files through the library: bytes that the session keeps until the next. */
#include "compiler/api.h"
#include "compiler/emit.h"

_Static_assert((int)NASC_EMIT_OBJECT == EMIT_OBJECT && (int)NASC_EMIT_HEADER == EMIT_HEADER && (int)NASC_EMIT_STATIC == EMIT_STATIC &&
               (int)NASC_EMIT_SHARED == EMIT_SHARED && (int)NASC_EMIT_EXECUTABLE == EMIT_EXE && (int)NASC_EMIT_ASSEMBLY == EMIT_ASM &&
               (int)NASC_EMIT_LLVM == EMIT_LLVM && COUNTOF(((nasc_session *)0)->emitted) >= EMIT_KINDS, "the kinds of files are the same");

nasc_status nasc_target(nasc_session *s, const char *target, const char *cpu, const char *features)
{
    API_ENTER(s);
    API_LEAVE(s, session_target(s, target, cpu, features) ? NASC_OK : NASC_USAGE);
}

nasc_status nasc_emit(nasc_session *s, nasc_arch *a, const nasc_emit_options *o, size_t n, const nasc_emit_kind *kind, nasc_bytes *out)
{
    API_ENTER(s);
    const nasc_emit_options none = {0};
    u32 kinds = 0;
    o = o ? o : &none;
    bool fine = !o->name || emit_name_ok(o->name);
    for (size_t i = 0; i < n; i++) {
        out[i] = (nasc_bytes){0};
        fine = fine && (u32)kind[i] < EMIT_KINDS;
        kinds |= fine ? 1u << kind[i] : 0;
    }
    if (!fine || (o->weights && !o->embed_weights))
        API_LEAVE(s, NASC_USAGE);
    for (u32 k = 0; k < EMIT_KINDS; k++)
        buf_clear(&s->emitted[k]);
    struct pass_options p = {.strict = o->strict_math};
    const struct emit_options e = {.name = o->name, .backend = o->backend, .embed = o->embed_weights, .weights = o->weights, .seed = o->seed};
    nasc_status st = emit_arch(a, &p, &e, kinds, s->emitted);
    for (size_t i = 0; !st && i < n; i++)
        out[i] = (nasc_bytes){s->emitted[kind[i]].at, s->emitted[kind[i]].n};
    API_LEAVE(s, st);
}
