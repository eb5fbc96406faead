/* record: one printer's eight facts, and their JSON.
 *
 * A fact that was not read is absent: never null, never guessed. Text is clean UTF-8 in the record's own pool; labels (types,
 * severities, ...) are the names of the textual conventions (RFC 3805, IANA-PRINTER-MIB, RFC 2790). The
 * struct has a fixed size, allocates nothing, and holds pointers into itself: do not copy it. */
#ifndef ICE_RECORD_H
#define ICE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ice/address.h"
#include "ice/attr.h"

#define ICE_RECORD_SUPPLIES 64
#define ICE_RECORD_ALERTS   64
#define ICE_RECORD_ERRORS   16
/* Beyond this a percent is nonsense: it is not written, and refused when read. */
#define ICE_RECORD_PERCENT_MAX 1e12
#define ICE_RECORD_POOL        24576 /* bytes of text; what no longer fits is absent */

enum ice_supply_state {
	ICE_SUPPLY_EXACT,     /* level and, where the capacity is known, percent */
	ICE_SUPPLY_SOME,      /* -3: some is left (of a receptacle: some space) */
	ICE_SUPPLY_UNKNOWN,   /* -2, or a sentinel of the vendor */
	ICE_SUPPLY_UNLIMITED, /* -1 */
	ICE_SUPPLY_LOW,       /* vendor rules only */
	ICE_SUPPLY_EMPTY,
};
const char *ice_supply_state_name(enum ice_supply_state s); /* "exact", "some", ... */

/* One prtMarkerSuppliesTable row. Any const char * may be NULL: absent. */
struct ice_supply {
	const char *name;  /* the device's own text, cleaned, not shortened */
	const char *type;  /* PrtMarkerSuppliesTypeTC: "toner", "wasteToner", "opc" */
	const char *color; /* prtMarkerColorantValue or what the profile derives, lower case: "black" */
	const char *class; /* "consumed" or "filled" (receptacle: level and percent are the space left) */
	const char *unit;  /* PrtMarkerSuppliesSupplyUnitTC: "impressions", "percent", "tenthsOfMilliliters" */
	enum ice_supply_state state;
	bool has_level, has_capacity, has_percent;
	int64_t level, capacity; /* level only when state is EXACT; capacity only when > 0 */
	double percent;          /* 100 x level / capacity, to one decimal */
};

struct ice_alert {
	const char *severity, *group, *code; /* labels; NULL = absent */
	const char *text;                    /* the device's own words: only when alert_text = device */
	const char *training;
};

/* Page counters by what they count. TOTAL's unit is the marker's counter unit. */
enum ice_pages {
	ICE_PAGES_TOTAL,
	ICE_PAGES_MONO,
	ICE_PAGES_COLOR,
	ICE_PAGES_PRINT,
	ICE_PAGES_COPY,
	ICE_PAGES_FAX,
	ICE_PAGES_SCAN,
	ICE_PAGES_DUPLEX,
	ICE_PAGES_PRINT_MONO,
	ICE_PAGES_PRINT_COLOR,
	ICE_PAGES_COPY_MONO,
	ICE_PAGES_COPY_COLOR,
	ICE_PAGES_COUNT
};
const char *ice_pages_name(enum ice_pages p); /* "total", "mono", "print_mono", ... */

/* How the total stands to that of the printer's reading before (`from`); told when it is lower, for no volume is negative.
 * WRAP     the counter came to its end and went on at 0: total + modulus - from were printed between
 * SETBACK  a few pages are forgotten, as by printers that write their counter down every ten pages and lose their current: at least
 *          total - from, that is none, were printed between
 * RESET    it began anew (another board, a technician): how many were printed between is not known */
enum ice_pages_since { ICE_PAGES_SINCE_NOTHING, ICE_PAGES_SINCE_WRAP, ICE_PAGES_SINCE_SETBACK, ICE_PAGES_SINCE_RESET };
const char *ice_pages_since_name(enum ice_pages_since s); /* "wrap", "setback", "reset"; NULL for NOTHING */

struct ice_record {
	struct ice_address ip;
	uint8_t mac[6];
	bool has_mac;
	const char *name, *make, *model, *serial, *location;
	const char *
	        location_tag; /* the operator's words for where the printers of its range stand; never the printer's own */
	int64_t pages[ICE_PAGES_COUNT]; /* -1 = absent */
	const char *pages_unit;         /* PrtMarkerCounterUnitTC: "impressions", "sheets", ... */
	enum ice_pages_since pages_since;
	int64_t pages_from, pages_modulus; /* when pages_since is not NOTHING; the modulus of a WRAP alone */
	uint16_t supply_count, alert_count, error_count;
	struct ice_supply supplies[ICE_RECORD_SUPPLIES];
	struct ice_alert alerts[ICE_RECORD_ALERTS];
	const char *status; /* "idle", "printing", "warmup", else hrDeviceStatus: "running", "warning", "down" */
	const char *errors[ICE_RECORD_ERRORS];
	time_t read_at;
	uint32_t pool_used;
	char pool[ICE_RECORD_POOL];
};

void ice_record_init(struct ice_record *r);

/* Marks how the total stands to `before`, the same printer's total (-1 = not known), read `seconds` earlier (-1 = not known). It is a
 * WRAP when the counter was within a 64th of one of the ends that counters have (1,000,000, 2^24, 2^31, 2^32), is as near to 0 now, and
 * what lies between can have been printed in that time; a SETBACK when it is lower by ICE_RECORD_SETBACK at most and not near 0. */
#define ICE_RECORD_SETBACK 100
void ice_record_since(struct ice_record *r, int64_t before, int64_t seconds);

/* Copies clean text into the pool; NULL when s is empty or there is no room. */
const char *ice_record_text(struct ice_record *r, const char *s);

/* The record as compact JSON (README "Records"), malloc'd, length in *len. Its members always stand in the same order, numbers
 * are integers but for a percent with its one decimal, and the interface of a link-local address is left out: it means nothing
 * elsewhere. An ip that is all zero and a read_at of 0 are absent. */
ICE_MUST_CHECK char *ice_record_to_json(const struct ice_record *r, size_t *len);

/* Reads one record back, strictly: unknown members are ignored; a wrong type, a null, a number out of range, a doubled member,
 * more rows or more text than a record holds refuse the record with a reason. Text is cleaned again. The
 * server reads strangers' bytes with it: memory and time are bounded by len. */
ICE_MUST_CHECK bool ice_record_from_json(const char *json, size_t len, struct ice_record *out, char *why,
                                         size_t why_size);

/* The same for a value that was parsed already (jansson's json_t), as the readings of a batch are. */
struct json_t;
ICE_MUST_CHECK bool ice_record_from_value(const struct json_t *value, struct ice_record *out, char *why,
                                          size_t why_size);

/* Who it is: "make/SERIAL" when it has a serial that can identify (ice_record_serial_identifies), else "mac/..", else "ip/..";
 * with a serial but neither make nor MAC "?/SERIAL"; with nothing at all "". Case and blanks do not matter. The one
 * rule by which engine and server tell devices apart. Returns out. */
#define ICE_RECORD_IDENTITY_SIZE 320
const char *ice_record_identity(const struct ice_record *r, char out[ICE_RECORD_IDENTITY_SIZE]);

/* False for what many devices share: blank, shorter than four letters or digits, one character over and over, a run like
 * 123456789, or a known placeholder ("serial_number", "unknown", "n/a"). */
bool ice_record_serial_identifies(const char *serial);

#endif
