/* upload_chain: looks on while OpenSSL judges the certificates that a server shows, and notes what they say, good or not.
 *
 * It changes nothing of the verdict. */
#ifndef ICE_UPLOAD_CHAIN_H
#define ICE_UPLOAD_CHAIN_H

#include <openssl/ssl.h>

#include "ice/upload.h"

/* Notes into `chain`, emptied first, whatever connections of this context show; it must live as long as the context does. */
void ice_upload_chain_watch(SSL_CTX *context, struct ice_upload_chain *chain);

#endif
