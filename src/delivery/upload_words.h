/* upload_words: what went wrong with a post, in a person's words. */
#ifndef ICE_UPLOAD_WORDS_H
#define ICE_UPLOAD_WORDS_H

#include <curl/curl.h>

/* "" when an answer came. Ask before the handle is removed from its multi handle. */
const char *ice_upload_words(CURL *easy, CURLcode code);

#endif
