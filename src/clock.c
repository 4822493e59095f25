#define _POSIX_C_SOURCE 200809L

#include "clock.h"

#include <errno.h>
#include <time.h>

double awsb_wall_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    /* A double near 1.8e9 resolves 0.24 microseconds: digits below that would be noise. */
    return (double)now.tv_sec + (double)(now.tv_nsec / 1000) / 1e6;
}

double awsb_monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int64_t awsb_monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * AWSB_MS_PER_S + now.tv_nsec / AWSB_NS_PER_MS;
}

void awsb_sleep_ms(int64_t ms)
{
    struct timespec left;

    left.tv_sec = (time_t)(ms / AWSB_MS_PER_S);
    left.tv_nsec = (long)(ms % AWSB_MS_PER_S) * AWSB_NS_PER_MS;
    while (ms > 0 && nanosleep(&left, &left) == -1 && errno == EINTR)
        continue;
}
