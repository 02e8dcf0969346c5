#ifndef BENCH_SYNTHETIC_H
#define BENCH_SYNTHETIC_H

#include <stddef.h>

#include "portcullis/document.h"

/** A document of our own making, with the size and the mix of rows of a real one, n times its body. The caller frees it. */
char *synthetic_document(enum document_kind kind, size_t n);

#endif
