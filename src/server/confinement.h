/* confinement: what `serve` still needs once it listens; all else is given up (ice/confine.h tells how).
 *
 * Left are connections to the sockets that listen, the data folder, and the folders of a certificate that was given, which is renewed while
 * the server runs. It opens no connection by itself, TCP or other. */
#ifndef FM_CONFINEMENT_H
#define FM_CONFINEMENT_H

#include "settings.h"

/* After the last socket listens, before the first connection is taken. */
void fm_confinement_enter(const struct fm_settings *settings);

#endif
