/* gram_report.h - the report of `nasc check`.  What is wrong with how a space grows becomes warnings. */
#ifndef NASC_GRAM_REPORT_H
#define NASC_GRAM_REPORT_H
#include "compiler/base/buf.h"
#include "grammar/derive.h"
#include "grammar/growth.h"
#include "grammar/tally.h"

void gram_report(struct buf *b, struct gram *g);

#endif
