/* upload_loop: a multi handle of curl's on the libevent loop: its sockets are watched and its timer is kept, and whatever they say is told to it. */
#ifndef ICE_UPLOAD_LOOP_H
#define ICE_UPLOAD_LOOP_H

#include <curl/curl.h>

struct event_base;
struct ice_upload_loop;

/* curl has done something: some transfers may have ended. */
typedef void ice_upload_loop_fn(void *arg);

/* Never NULL. The handle is lent, and must be cleaned up before the loop is freed: until then it asks for sockets. */
struct ice_upload_loop *ice_upload_loop_new(struct event_base *base, CURLM *multi, ice_upload_loop_fn *turned,
                                            void *arg);
void ice_upload_loop_free(struct ice_upload_loop *l);

#endif
