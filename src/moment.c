#include "moment.h"

#include <stdint.h>
#include <stdio.h>

#include "text.h"

#define DAY 86400
#define MS 1000

struct date {
    int64_t year;
    int month;
    int day;
};

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years begin in March, so that
 * the leap day is the last of its year. */
static int64_t days_of(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static struct date date_of(int64_t days)
{
    struct date date;
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day = shifted - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    date.day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    date.month = (int)(month < 10 ? month + 3 : month - 9);
    date.year = year + era * 400 + (date.month <= 2);
    return date;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value >= 0 ? value / by : -((by - 1 - value) / by);
}

/* To the nearest, halves upwards. */
static int64_t milliseconds_of(double seconds)
{
    double exact = seconds * MS + 0.5;
    int64_t whole = (int64_t)exact;

    return (double)whole > exact ? whole - 1 : whole;
}

double awsb_moment_round(double seconds)
{
    return (double)milliseconds_of(seconds) / MS;
}

static int days_in(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

/* ---- reading ---- */

static bool take_digits(struct awsb_view *text, size_t count, int *number)
{
    size_t i;

    if (text->size < count)
        return false;
    *number = 0;
    for (i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        *number = *number * 10 + (text->data[i] - '0');
    }
    *text = awsb_view(text->data + count, text->size - count);
    return true;
}

static bool take_byte(struct awsb_view *text, const char *bytes)
{
    if (text->size == 0 || text->data[0] == '\0' || strchr(bytes, text->data[0]) == NULL)
        return false;
    *text = awsb_view(text->data + 1, text->size - 1);
    return true;
}

static bool is_date(struct date date)
{
    return date.year >= 1 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= days_in(date.year, date.month);
}

static bool parse_date(struct awsb_view *text, int64_t *days)
{
    struct date date;
    int year;

    if (!take_digits(text, 4, &year) || !take_byte(text, "-") ||
        !take_digits(text, 2, &date.month) || !take_byte(text, "-") ||
        !take_digits(text, 2, &date.day))
        return false;
    date.year = year;
    *days = days_of(date);
    return is_date(date);
}

/* Digits behind a dot or a comma, rounded to milliseconds. */
static bool parse_fraction(struct awsb_view *text, int *milliseconds)
{
    int tenths = 0, count = 0;

    *milliseconds = 0;
    if (!take_byte(text, ".,"))
        return true;
    for (;; count++) {
        int digit;

        if (!take_digits(text, 1, &digit))
            break;
        if (count < 4)
            tenths = tenths * 10 + digit;
    }
    if (count == 0)
        return false;
    for (; count < 4; count++)
        tenths *= 10;
    *milliseconds = (tenths + 5) / 10;
    return true;
}

/* In milliseconds; second 60 is a leap second. */
static bool take_clock(struct awsb_view *text, int64_t *time)
{
    int hour, minute, second = 0, milliseconds = 0;

    if (!take_digits(text, 2, &hour) || !take_byte(text, ":") || !take_digits(text, 2, &minute))
        return false;
    if (take_byte(text, ":") &&
        (!take_digits(text, 2, &second) || !parse_fraction(text, &milliseconds)))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *time = ((int64_t)hour * 3600 + minute * 60 + second) * MS + milliseconds;
    return true;
}

/* Seconds east of UTC; no zone at all means UTC. */
static bool parse_zone(struct awsb_view text, int *offset)
{
    static const char *const names[] = {"", "z", "gmt", "utc", "ut"};
    int hours, minutes = 0, sign;
    size_t i;

    *offset = 0;
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (awsb_same_ignoring_case(text, awsb_view_of(names[i])))
            return true;
    sign = text.data[0] == '-' ? -1 : 1;
    if (!take_byte(&text, "+-") || !take_digits(&text, 2, &hours))
        return false;
    take_byte(&text, ":");
    if (text.size > 0 && !take_digits(&text, 2, &minutes))
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return text.size == 0 && hours <= 23 && minutes <= 59;
}

static bool seconds_of(int64_t days, int64_t time, int offset, double *seconds)
{
    *seconds = (double)((days * DAY - offset) * MS + time) / MS;
    return *seconds >= AWSB_MOMENT_MIN && *seconds <= AWSB_MOMENT_MAX;
}

bool awsb_moment_parse(struct awsb_view text, double *seconds)
{
    int64_t days, time = 0;
    int offset = 0;

    if (!parse_date(&text, &days))
        return false;
    if (text.size > 0) {
        if (!take_byte(&text, "Tt ") || !take_clock(&text, &time))
            return false;
        take_byte(&text, " ");
        if (!parse_zone(text, &offset))
            return false;
    }
    return seconds_of(days, time, offset, seconds);
}

/* ---- dates of HTTP ---- */

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool take_month(struct awsb_view *text, int *month)
{
    for (*month = 1; *month <= 12 && text->size >= 3; (*month)++) {
        struct awsb_view name = awsb_view_of(month_names[*month - 1]);

        if (!awsb_same_ignoring_case(awsb_view(text->data, name.size), name))
            continue;
        *text = awsb_view(text->data + 3, text->size - 3);
        return true;
    }
    return false;
}

static bool take_blanks(struct awsb_view *text)
{
    bool any = false;

    while (take_byte(text, " "))
        any = true;
    return any;
}

/* One digit, or two. */
static bool take_day(struct awsb_view *text, int *day)
{
    return take_digits(text, 2, day) || take_digits(text, 1, day);
}

/* Two digits are of the sliding century of RFC 6265: 70 to 99 are 19xx. */
static bool take_year(struct awsb_view *text, int *year)
{
    if (take_digits(text, 4, year))
        return true;
    if (!take_digits(text, 2, year))
        return false;
    *year += *year >= 70 ? 1900 : 2000;
    return true;
}

/* hh:mm:ss, with a fraction at most. */
static bool take_time(struct awsb_view *text, int64_t *time)
{
    struct awsb_view clock;
    size_t size = 0;
    bool fine;

    while (size < text->size && text->data[size] != ' ')
        size++;
    clock = awsb_view(text->data, size);
    fine = size >= 8 && text->data[5] == ':' && take_clock(&clock, time) && clock.size == 0;
    *text = awsb_view(text->data + size, text->size - size);
    return fine;
}

/* Sun, 06 Nov 1994 08:49:37 GMT; the zone is left. */
static bool parse_rfc822(struct awsb_view *text, struct date *date, int64_t *time)
{
    int year;

    while (text->size > 0 && awsb_lower(text->data[0]) >= 'a' && awsb_lower(text->data[0]) <= 'z')
        *text = awsb_view(text->data + 1, text->size - 1);
    take_byte(text, ",");
    take_blanks(text);
    if (!take_day(text, &date->day) || !take_byte(text, " -") || !take_month(text, &date->month) ||
        !take_byte(text, " -") || !take_year(text, &year) || !take_byte(text, " ") ||
        !take_time(text, time))
        return false;
    date->year = year;
    take_blanks(text);
    return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool parse_asctime(struct awsb_view *text, struct date *date, int64_t *time)
{
    int year;

    if (text->size < 4)
        return false;
    *text = awsb_view(text->data + 3, text->size - 3);
    if (!take_byte(text, " ") || !take_month(text, &date->month) || !take_blanks(text) ||
        !take_day(text, &date->day) || !take_byte(text, " ") || !take_time(text, time) ||
        !take_byte(text, " ") || !take_digits(text, 4, &year))
        return false;
    date->year = year;
    return text->size == 0;
}

bool awsb_moment_parse_http(struct awsb_view text, double *seconds)
{
    struct awsb_view zone = text, rest = text;
    struct date date;
    int64_t time;
    int offset;

    if (!parse_rfc822(&zone, &date, &time)) {
        zone = awsb_view("", 0);
        if (!parse_asctime(&rest, &date, &time))
            return false;
    }
    if (!is_date(date) || !parse_zone(zone, &offset))
        return false;
    return seconds_of(days_of(date), time, offset, seconds);
}

/* ---- writing ---- */

size_t awsb_moment_iso8601(double seconds, char text[AWSB_MOMENT_SIZE])
{
    int64_t milliseconds = milliseconds_of(seconds);
    int64_t whole = floor_div(milliseconds, MS), days = floor_div(whole, DAY);
    int rest = (int)(whole - days * DAY), fraction = (int)(milliseconds - whole * MS);
    struct date date = date_of(days);
    int size = snprintf(text, AWSB_MOMENT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", (int)date.year,
                        date.month, date.day, rest / 3600, rest % 3600 / 60, rest % 60);

    if (fraction > 0)
        size += snprintf(text + size, AWSB_MOMENT_SIZE - (size_t)size, ".%03d", fraction);
    text[size] = 'Z';
    return (size_t)size + 1;
}

size_t awsb_moment_http(double seconds, char text[AWSB_MOMENT_SIZE])
{
    static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    int64_t whole = (int64_t)seconds - ((double)(int64_t)seconds > seconds);
    int64_t days = floor_div(whole, DAY);
    int rest = (int)(whole - days * DAY);
    struct date date = date_of(days);

    return (size_t)snprintf(text, AWSB_MOMENT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                            weekdays[(days % 7 + 7) % 7], date.day, month_names[date.month - 1],
                            (int)date.year, rest / 3600, rest % 3600 / 60, rest % 60);
}

size_t awsb_moment_number(double seconds, char text[AWSB_MOMENT_SIZE])
{
    bool negative = seconds < 0;
    int64_t milliseconds = milliseconds_of(negative ? -seconds : seconds);
    int fraction = (int)(milliseconds % MS);
    int size = snprintf(text, AWSB_MOMENT_SIZE, "%s%lld", negative && milliseconds > 0 ? "-" : "",
                        (long long)(milliseconds / MS));

    if (fraction == 0)
        return (size_t)size;
    size += snprintf(text + size, AWSB_MOMENT_SIZE - (size_t)size, ".%03d", fraction);
    while (text[size - 1] == '0')
        size--;
    return (size_t)size;
}
