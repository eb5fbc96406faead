/* confinement: what each command still needs once it has started; all else is given up (ice/confine.h tells how).
 *
 * For a command that ends by itself, configuration, secrets, vendor profiles and the file of --stats are read or open by then, so they are
 * not among it. What is left of the file system are the folder of the outbox for a command that delivers, the table of routes, and what the C
 * library opens at first use. The service reads its configuration again when it is told to: for it, the folders of the files that the configuration
 * names are left as well, to read. TCP goes to the server's port and the name servers', and where nothing is delivered there is none. */
#ifndef ICE_CONFINEMENT_H
#define ICE_CONFINEMENT_H

#include <stdint.h>

#include "ice/settings.h"
#include "ice/upload.h"

/* For a command that asks devices and delivers nothing. */
void ice_confinement_devices(void);

/* For a command that uploads in this way: to the server's port and, where sealed batches may go over HTTP, that port; or to the
 * proxy's alone.
 * `outbox` is the file of its outbox, NULL where that is in memory. */
void ice_confinement_server(const struct ice_upload_options *upload, const char *outbox);

/* For the service: as above, and what a reload reads. */
void ice_confinement_service(const struct ice_upload_options *upload, const char *outbox,
                             const struct ice_settings *settings, const char *profiles);

/* A port to which `wants` connects and a process confined for `had` cannot; 0 = none. */
uint16_t ice_confinement_lacks(const struct ice_upload_options *had, const struct ice_upload_options *wants);

#endif
