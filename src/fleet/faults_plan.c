/* faults_plan: which printers have which fault. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "ice/conf.h"

static size_t faults_count(void)
{
	size_t n = 0;
	while (ice_faults[n].name)
		n++;
	return n;
}

int ice_faults_find(const char *name)
{
	for (size_t i = 0; ice_faults[i].name; i++)
		if (strcmp(ice_faults[i].name, name) == 0)
			return (int)i;
	return -1;
}

void ice_faults_list(FILE *to)
{
	for (size_t i = 0; ice_faults[i].name; i++)
		fprintf(to, "%-20s %s\n", ice_faults[i].name, ice_faults[i].help);
}

/* The nearest known name, for a hint. */
static const char *faults_nearest(const char *name)
{
	const char *names[256];
	size_t n = 0;
	for (; n < 254 && ice_faults[n].name; n++)
		names[n] = ice_faults[n].name;
	names[n++] = "any";
	names[n] = NULL;
	return ice_conf_nearest(name, names);
}

bool ice_faults_plan_add(struct ice_faults_plan *plan, const char *text, char *why, size_t why_size)
{
	char name[64];
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	double percent = 100, sum = 0;
	if (n >= sizeof(name)) {
		snprintf(why, why_size, "no fault has so long a name; --list-faults shows them");
		return false;
	}
	memcpy(name, text, n);
	name[n] = 0;
	if (colon) {
		char *end;
		percent = strtod(colon + 1, &end);
		if (!isdigit((unsigned char)colon[1]) || *end || !(percent > 0 && percent <= 100)) {
			snprintf(why, why_size, "\"%s\": the share is a number above 0 and at most 100", colon + 1);
			return false;
		}
	}
	int fault = strcmp(name, "any") == 0 ? ICE_FAULTS_ANY : ice_faults_find(name);
	if (fault < 0 && strcmp(name, "any") != 0) {
		const char *near = faults_nearest(name);
		if (near)
			snprintf(why, why_size, "no fault is called \"%s\"; did you mean \"%s\"?", name, near);
		else
			snprintf(why, why_size, "no fault is called \"%s\"; --list-faults shows them", name);
		return false;
	}
	for (size_t i = 0; i < plan->count; i++)
		sum += plan->shares[i].percent;
	if (plan->count == ICE_FAULTS_PLANNED || sum + percent > 100.0001) {
		snprintf(why, why_size,
		         "more than 100 %% of the printers would have a fault; give shares, such as %s:10", name);
		return false;
	}
	plan->shares[plan->count++] = (struct ice_faults_share){fault, percent};
	return true;
}

uint8_t ice_faults_of(const struct ice_faults_plan *plan, uint64_t number, uint64_t count)
{
	/* Printer `number` stands at a place of 0 .. 100 that has nothing to do with its recording: stepping by a number without a
	 * divisor in common with count visits each place once. */
	uint64_t step = count * 6 / 10 | 1;
	for (bool alone = false; !alone; step += 2) {
		uint64_t a = step, b = count;
		while (b) {
			uint64_t t = a % b;
			a = b;
			b = t;
		}
		alone = a == 1;
		if (alone)
			break;
	}
	uint64_t place = (uint64_t)((unsigned __int128)number * step % count);
	double at = (double)place * 100.0 / (double)count, from = 0;
	for (size_t i = 0; i < plan->count; i++) {
		double to = from + plan->shares[i].percent;
		if (at < to - 1e-9)
			return (uint8_t)(plan->shares[i].fault == ICE_FAULTS_ANY ? place % faults_count() + 1
			                                                         : (uint64_t)plan->shares[i].fault + 1);
		from = to;
	}
	return 0;
}
