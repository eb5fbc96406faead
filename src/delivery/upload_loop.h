/* upload_loop: a multi handle of curl's on the libevent loop: its sockets are watched and its timer is kept, and whatever they say is told to
 * it. Before each turn the bytes that came are counted, by the kernel: what TLS or HTTP has no use for, curl swallows without a word. */
#ifndef ICE_UPLOAD_LOOP_H
#define ICE_UPLOAD_LOOP_H

#include <curl/curl.h>
#include <stdint.h>

struct event_base;
struct ice_upload_loop;

/* curl has done something: some transfers may have ended. */
typedef void ice_upload_loop_fn(void *arg);
/* So many more bytes came on a TCP connection that this handle uses. */
typedef void ice_upload_loop_came_fn(CURL *easy, uint64_t bytes, void *arg);

/* Never NULL. The handle is lent, and must be cleaned up before the loop is freed: until then it asks for sockets. */
struct ice_upload_loop *ice_upload_loop_new(struct event_base *base, CURLM *multi, ice_upload_loop_fn *turned,
                                            ice_upload_loop_came_fn *came, void *arg);
void ice_upload_loop_free(struct ice_upload_loop *l);

#endif
