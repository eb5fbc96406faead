/* profiles: the vendor profiles as they are shipped, for a group of tests. */
#ifndef TESTS_TRUTH_PROFILES_H
#define TESTS_TRUTH_PROFILES_H

#include <stdio.h>

#include "ice/conf.h"
#include "ice/profile.h"
#include "ice/snmp.h"

static struct ice_profiles *profiles;

static int profiles_load(void **state)
{
	struct ice_conf_mistakes mistakes = {0};
	(void)state;
	ice_snmp_init();
	profiles = ice_profiles_load("config/profiles", &mistakes);
	ice_conf_mistakes_print(&mistakes, stderr);
	ice_conf_mistakes_free(&mistakes);
	return profiles ? 0 : -1;
}

static int profiles_unload(void **state)
{
	(void)state;
	ice_profiles_free(profiles);
	return 0;
}

#endif
