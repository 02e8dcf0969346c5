#ifndef PORTCULLIS_CLOCK_H
#define PORTCULLIS_CLOCK_H

#include <stdint.h>

/** Milliseconds on the monotonic clock (clock_gettime(2) CLOCK_MONOTONIC): for timers and ages. */
int64_t clock_monotonic_ms(void);
/** Seconds since 1970 UTC: for people and expiry dates only. */
int64_t clock_wall_s(void);

/** The same in milliseconds. */
int64_t clock_wall_ms(void);

#endif
