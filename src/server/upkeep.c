#include "upkeep.h"

#include "ice/clock.h"

/* From the end of one pass over old readings to the next. */
#define UPKEEP_FORGET ICE_USEC_SEC(3600)
/* The wall's clock is set when it moves so far from the other one between two looks; it is believed again after that long. */
#define UPKEEP_CLOCK_STEP    ICE_USEC_SEC(60)
#define UPKEEP_CLOCK_SETTLES ICE_USEC_SEC(6 * 3600)

void fm_upkeep_certificate(struct fm_upkeep *u, bool force)
{
	char why[4400];
	bool changed;
	uint32_t suppressed;
	if (!fm_tls_refresh(u->tls, (int64_t)ice_clock_wall(), force, &changed, why, sizeof(why))) {
		if (ice_log_pass(&u->tls_log, ice_clock_now(), 1, ICE_USEC_SEC(3600), &suppressed))
			ICE_LOG(ICE_LOG_ERROR, "the certificate cannot be loaded, the one in use stays",
			        ice_field_str("why", why), ice_field_int("suppressed", suppressed));
	} else if (changed) {
		ice_log_write(ICE_LOG_INFO, "new connections get the new certificate", NULL);
	}
}

/* True when the wall's clock has gone with the other one for long enough: by one that was set years ahead all readings would be old. */
static bool upkeep_clock_settled(struct fm_upkeep *u, ice_usec now)
{
	ice_usec apart = (ice_usec)ice_clock_wall() * 1000000 - now, moved = apart - u->clocks_apart;
	if (u->settled_at == 0 || moved > UPKEEP_CLOCK_STEP || moved < -UPKEEP_CLOCK_STEP)
		u->settled_at = now + UPKEEP_CLOCK_SETTLES;
	u->clocks_apart = apart;
	return now >= u->settled_at;
}

/* A bounded piece of work each time, so that no engine waits for it. */
static void upkeep_forget(struct fm_upkeep *u)
{
	ice_usec now = ice_clock_now();
	uint64_t forgotten;
	if (!upkeep_clock_settled(u, now) || u->history == 0 || now < u->forget)
		return;
	int64_t before = (int64_t)ice_clock_wall() - u->history / 1000000;
	enum fm_store_result result = u->store->driver->forget(u->store, before, &forgotten);
	if (forgotten > 0)
		ICE_LOG(ICE_LOG_DEBUG, "old readings forgotten", ice_field_int("readings", (int64_t)forgotten));
	if (result != FM_STORE_OK)
		u->forget = now + UPKEEP_FORGET;
}

void fm_upkeep(struct fm_upkeep *u, uint64_t stored)
{
	fm_upkeep_certificate(u, false);
	upkeep_forget(u);
	if (stored != u->stored)
		u->store->driver->idle(u->store);
	u->stored = stored;
}
