/* loop_words.h - the words of loop text that printer and reader share. */
#ifndef NASC_LOOP_WORDS_H
#define NASC_LOOP_WORDS_H
#include "compiler/ir/loop.h"
#include "compiler/ir/op.h"

static const char *const kind_word[] = /* enum loop_buf_kind */
    { "in", "out", "inout", "scratch" };
static const char *const red_word[] = { "none" /* enum red_kind */, "add", "mul", "max", "min" };
static const struct { u8 flag; const char *word; } flag_word[] = { { LF_LIFT, "lift" }, { LF_UNROLL, "unroll" }, { LF_PAR, "par" } };

#endif
