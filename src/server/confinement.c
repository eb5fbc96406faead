#include "confinement.h"

#include "ice/confine.h"

void fm_confinement_enter(const struct fm_settings *settings)
{
	const char *const renewed[] = {settings->certificate, settings->key, settings->ca};
	struct ice_confine *c = ice_confine_new();
	ice_confine_read_system(c);
	ice_confine_write(c, settings->data);
	for (size_t i = 0; i < sizeof renewed / sizeof *renewed; i++)
		if (renewed[i][0])
			ice_confine_read_beside(c, renewed[i]);
	ice_confine_accept(c);
	(void)ice_confine_enter(c);
}
