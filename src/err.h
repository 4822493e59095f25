#ifndef AWSB_ERR_H
#define AWSB_ERR_H

/*
 * What the parts below the bindings return when something did not work. One enum from bottom to
 * top; a part with more to tell keeps a sentence in its own object (see sigv4.h, http.h).
 */
enum awsb_err {
    AWSB_OK = 0,
    AWSB_NO_MEMORY,
    AWSB_TOO_LARGE, /* a bounded buffer met its bound */
    AWSB_CRYPTO,    /* OpenSSL refused */
    AWSB_REFUSED    /* the input breaks a rule */
};

/* Room for a sentence about an errno. */
#define AWSB_ERROR_TEXT_SIZE 128

/* For functions that format a sentence: positions of the format and of its first argument. */
#if defined(__GNUC__)
#define AWSB_PRINTF_LIKE(position, first) \
    __attribute__((__format__(__printf__, position, first)))
#else
#define AWSB_PRINTF_LIKE(position, first)
#endif

#endif
