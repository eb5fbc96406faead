/* shapes: the steady questions of many printers, each kept once.
 *
 * What a printer is asked (ice/steady.h) is some hundred bytes of names, and nearly the same for all of a model. A shape is such a question
 * without its printer's own part (version, credential, values). Counted: whoever holds one drops it. */
#ifndef ICE_SHAPES_H
#define ICE_SHAPES_H

#include "ice/steady.h"

#define ICE_SHAPES 4096 /* most at once, some 1.2 kB each */

struct ice_shapes;
struct ice_shape;

struct ice_shapes *ice_shapes_new(void);
void ice_shapes_free(struct ice_shapes *s);

/* The shape of a question, held; NULL when there are too many. */
struct ice_shape *ice_shapes_hold(struct ice_shapes *s, const struct ice_steady *steady);
void ice_shapes_drop(struct ice_shapes *s, struct ice_shape *shape); /* may be NULL */

/* The question, but for the printer's own part, which is zeroed. */
void ice_shape_steady(const struct ice_shape *shape, struct ice_steady *out);

#endif
