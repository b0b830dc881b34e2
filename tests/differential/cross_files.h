/* cross_files.h - between the harness and its runner, which is another machine's program: numbers are 64 bits, little-endian.
 *
 *   JOBS: magic, number of jobs; for each: bytes that follow; the model, the batch, how many inputs and outputs;
 *         weights: their number, for each a name, its bytes and these; inputs: bytes and these; outputs: bytes of each
 *   OUT:  for each job: its number, a verdict, the outputs */
#ifndef NASC_TESTS_CROSS_FILES_H
#define NASC_TESTS_CROSS_FILES_H

#define CROSS_MAGIC 0x31626f6a7373726eull
enum { CROSS_NAME = 256 };
/* What is wrong beside the numbers. */
enum {
    CROSS_LOAD = 1,         /* load said no */
    CROSS_TYPES = 2,        /* inputs or outputs are described otherwise */
    CROSS_WEIGHTS = 4,      /* a weight that nobody has */
    CROSS_BESIDE = 8,       /* wrote beside its arrays */
    CROSS_WORKERS = 16,     /* other bytes when shared among workers */
};

#endif
