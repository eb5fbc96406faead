/* conf_parts: what the files of conf share: conf.c walks a file, conf_table.c fills structs, conf_value.c reads values. */
#ifndef ICE_CONF_PARTS_H
#define ICE_CONF_PARTS_H

#include "ice/conf.h"

/* Called at each [section], before its rows. */
typedef void conf_section_fn(const struct ice_conf_where *where, const char *section, void *arg);

/* Called for a row that was told as a mistake but has a name: it is wrong, not missing. */
typedef void conf_spoilt_fn(const char *name, unsigned line, void *arg);

/* What a walk calls, in the order of the file. Any may be NULL. */
struct conf_walk_ops {
	conf_section_fn *section;
	ice_conf_row_fn *row;
	conf_spoilt_fn *spoilt;
};

/* False when a mistake was added, here or by a callback. */
ICE_MUST_CHECK bool conf_walk(const char *path, const struct conf_walk_ops *ops, void *arg,
                              struct ice_conf_mistakes *mistakes);

/* Every member to its default, or to zero; what stood there is overwritten, not freed. */
void conf_value_defaults(const struct ice_conf_option *options, void *into);

/* Sets one member (not of kind CALL); reports what is wrong and leaves the member as it was. */
void conf_value_set(const struct ice_conf_where *where, const struct ice_conf_option *option, const char *value,
                    void *into);

#endif
