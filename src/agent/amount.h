/* amount: numbers as people read them. */
#ifndef ICE_AMOUNT_H
#define ICE_AMOUNT_H

#include <stdint.h>

#define ICE_AMOUNT_SIZE 96

/* "12,345". All return `out`. */
const char *ice_amount_number(uint64_t n, char out[ICE_AMOUNT_SIZE]);
/* "1 address", "12,345 addresses" */
const char *ice_amount_count(uint64_t n, const char *one, const char *many, char out[ICE_AMOUNT_SIZE]);
/* "40 ms", "7 s", "3 min 20 s", "5 h 10 min", "2 d 3 h" */
const char *ice_amount_seconds(double seconds, char out[ICE_AMOUNT_SIZE]);

#endif
