/*
 * The least that a program over libcurl's multi interface does to send one request many times, so
 * many at once, over connections that are kept alive: what backup.parallel is measured against.
 *
 * multi FILE CALLS AT_ONCE
 *
 * The file holds the request as it shall be sent: method and URL in the first line, headers up to
 * an empty line, then the body. Prints the seconds of processor time and of the clock on the wall
 * that the calls took, the making of the connections not included.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <curl/curl.h>

#define MOST_AT_ONCE 1024
#define LONGEST_REQUEST 65536
#define LONGEST_ANSWER 65536
#define LONGEST_WAIT_MS 1000

/* An easy handle is used again for each request of its place. */
struct place {
    CURL *easy;
    size_t size;
    char answer[LONGEST_ANSWER];
};

static struct request {
    char text[LONGEST_REQUEST];
    const char *method;
    const char *url;
    const char *body;
    struct curl_slist *headers;
} request;

static struct place places[MOST_AT_ONCE];
static CURLM *multi;

static void die(const char *what)
{
    fprintf(stderr, "multi: %s\n", what);
    exit(1);
}

static void add_header(const char *line)
{
    request.headers = curl_slist_append(request.headers, line);
    if (request.headers == NULL)
        die("no memory");
}

/* Ends a line of the request and returns where the next begins. */
static char *cut_line(char *line)
{
    char *end = strchr(line, '\n');

    if (end == NULL)
        die("the request is cut off");
    *end = '\0';
    return end + 1;
}

static void read_request(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *line = request.text, *next;

    if (file == NULL)
        die("no request");
    request.text[fread(request.text, 1, sizeof request.text - 1, file)] = '\0';
    fclose(file);
    next = cut_line(line);
    request.method = line;
    line = strchr(line, ' ');
    if (line == NULL)
        die("no URL");
    *line = '\0';
    request.url = line + 1;
    for (line = next; *line != '\n'; line = next) {
        next = cut_line(line);
        add_header(line);
    }
    request.body = line + 1;
    add_header("Expect:"); /* libcurl's own headers stay out */
    add_header("Accept:");
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct place *place = context;

    if (size * count > sizeof place->answer - place->size)
        return 0;
    memcpy(place->answer + place->size, data, size * count);
    place->size += size * count;
    return size * count;
}

static void set_up(struct place *place)
{
    CURL *easy = place->easy = curl_easy_init();

    if (easy == NULL)
        die("no memory");
    curl_easy_setopt(easy, CURLOPT_PRIVATE, place);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_URL, request.url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request.body));
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request.headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, place);
}

static void begin(struct place *place)
{
    place->size = 0;
    if (curl_multi_add_handle(multi, place->easy) != CURLM_OK)
        die("curl_multi_add_handle");
}

static struct place *finish(const CURLMsg *message)
{
    char *context = NULL;
    long status = 0;

    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    if (message->data.result != CURLE_OK || status != 200)
        die("a call has failed");
    curl_multi_remove_handle(multi, message->easy_handle);
    return (void *)context;
}

static void run(long calls, long at_once)
{
    long begun, done = 0;

    for (begun = 0; begun < at_once && begun < calls; begun++)
        begin(&places[begun]);
    while (done < calls) {
        const CURLMsg *message;
        int running, left;

        if (curl_multi_perform(multi, &running) != CURLM_OK)
            die("curl_multi_perform");
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            struct place *place = finish(message);

            done++;
            if (begun < calls) {
                begin(place);
                begun++;
            }
        }
        if (done < calls && curl_multi_poll(multi, NULL, 0, LONGEST_WAIT_MS, NULL) != CURLM_OK)
            die("curl_multi_poll");
    }
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double wall_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    long calls = argc == 4 ? atol(argv[2]) : 0, at_once = argc == 4 ? atol(argv[3]) : 0, i;
    double cpu, wall;

    if (calls < 1 || at_once < 1 || at_once > MOST_AT_ONCE) {
        fprintf(stderr, "usage: %s FILE CALLS AT_ONCE\n", argv[0]);
        return 2;
    }
    read_request(argv[1]);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    if (multi == NULL)
        die("no memory");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, at_once);
    for (i = 0; i < at_once; i++)
        set_up(&places[i]);
    run(at_once, at_once);
    cpu = cpu_seconds();
    wall = wall_seconds();
    run(calls, at_once);
    printf("%.6f %.6f\n", cpu_seconds() - cpu, wall_seconds() - wall);
    return 0;
}
