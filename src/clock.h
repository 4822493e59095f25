#ifndef AWSB_CLOCK_H
#define AWSB_CLOCK_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

#define AWSB_MS_PER_S 1000
#define AWSB_NS_PER_MS 1000000

/* Seconds since the epoch, to the microsecond; can step. */
double awsb_wall_clock(void);

/* From an arbitrary start, never backwards: for deadlines. */
double awsb_monotonic(void);
int64_t awsb_monotonic_ms(void);

/* Sleeps that long, through signals; no sleep at all for 0. */
void awsb_sleep_ms(int64_t ms);

#pragma GCC visibility pop

#endif
