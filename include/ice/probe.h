/* probe: one device's conversation, from first contact to a record. A pure state machine: no sockets, no clock, no loop.
 *
 *   first contact   ice_probe_identify_request (one datagram, the same for every address)
 *                   ice_probe_identify -> is it a printer, by which evidence, with which profile
 *   conversation    ice_probe_new -> { ice_probe_request -> ice_probe_reply | ice_probe_silence }* -> ice_probe_record
 *
 * One request is in flight per device, always. A reply that does not answer what was asked is a verdict and changes nothing. A
 * device that stumbles (tooBig, lying or looping GETBULK, genErr) is asked more simply: smaller, by GETNEXT, by v1; it is
 * never asked more. Every table, walk and retry is bounded. */
#ifndef ICE_PROBE_H
#define ICE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/profile.h"
#include "ice/record.h"
#include "ice/snmp.h"

/* Builds the first-contact request: GETNEXT, so that one question works with v1 and v2c and finds Printer-MIB rows whatever
 * their index. */
ICE_MUST_CHECK bool ice_probe_identify_request(struct ice_snmp_request *out, enum ice_snmp_version version,
                                               const struct ice_secret *community);

#define ICE_IDENTITY_TEXT   256
#define ICE_IDENTITY_REASON 192

/* A value that first contact told, as it came: what a conversation need not ask again. tag 0 = it did not. */
struct ice_told {
	uint8_t tag, len, bytes[9];
};

/* What first contact told. */
struct ice_identity {
	bool printer;
	const struct ice_profile *profile; /* NULL when not a printer */
	char reason
	        [ICE_IDENTITY_REASON]; /* the evidence, for people: "Printer-MIB row prtGeneral.1; enterprise 2435 (brother)" */
	char descr[ICE_IDENTITY_TEXT];        /* sysDescr, cleaned */
	char device_descr[ICE_IDENTITY_TEXT]; /* hrDeviceDescr of the printer (else of the first device), cleaned */
	struct ice_oid object_id;             /* sysObjectID */
	bool has_printer_mib;
	struct ice_oid general_index; /* index arcs (BER) of prtGeneralTable / markers as seen; len 0 = not seen */
	struct ice_oid marker_index;
	struct ice_oid supply_index; /* of the first prtMarkerSuppliesTable row */
	bool has_supply_level;       /* that row's level, to hold later answers against */
	int64_t supply_level;
	struct ice_oid device_index; /* hrDeviceIndex of the printer where hrDeviceType says so */
	struct ice_told printer_status,
	        life_count; /* hrPrinterStatus of device_index, prtMarkerLifeCount of marker_index */
};

/* OK, or ICE_VERDICT_OIDS when the varbinds cannot be an answer to first contact (then *out is untouched).
 * An error-status reply (v1 noSuchName at the end of a small MIB) is an answer: out->printer is then decided by what is left,
 * and *again tells which request to send instead, if another is worth it (again->len > 0): first contact may take a second question. */
ICE_MUST_CHECK enum ice_verdict ice_probe_identify(const struct ice_profiles *profiles,
                                                   const struct ice_snmp_message *reply,
                                                   const struct ice_secret *community, struct ice_identity *out,
                                                   struct ice_snmp_request *again);

/* Copies what there is: most of the struct is room for long texts. */
void ice_identity_copy(struct ice_identity *to, const struct ice_identity *from);

/* Brand and model as far as first contact told them, for a list of what is there without a second question. "" when it
 * did not. Only for printers. */
#define ICE_IDENTITY_MAKE 64
void ice_identity_make_model(const struct ice_identity *id, char make[ICE_IDENTITY_MAKE],
                             char model[ICE_IDENTITY_TEXT]);

struct ice_probe_options {
	bool alert_text;           /* keep the device's own alert text */
	bool no_name, no_location; /* leave these out of the record */
};

struct ice_probe; /* one conversation; a few kB, bounded by ICE_PROBE_BYTES_MAX */
#define ICE_PROBE_BYTES_MAX    262144
#define ICE_PROBE_REQUESTS_MAX 64 /* a device that needs more gets the record of what it said so far */

/* `identity` and `community` are copied. Never NULL. */
struct ice_probe *ice_probe_new(const struct ice_identity *identity, const struct ice_address *ip,
                                enum ice_snmp_version version, const struct ice_secret *community,
                                const struct ice_probe_options *options);
void ice_probe_free(struct ice_probe *p);

/* The request to send now, without id; NULL when the conversation is over. Stable until the next reply or silence. */
const struct ice_snmp_request *ice_probe_request(struct ice_probe *p);

/* Takes a reply whose id, address, port and community already match. OK: the next ice_probe_request is due. OIDS: not an
 * answer, keep waiting. */
ICE_MUST_CHECK enum ice_verdict ice_probe_reply(struct ice_probe *p, const struct ice_snmp_message *reply);

/* All retries of the present request went unanswered. The probe goes on with something simpler, or ends with what it has. */
void ice_probe_silence(struct ice_probe *p);

/* The version now spoken with the device (it may fall to v1). */
enum ice_snmp_version ice_probe_version(const struct ice_probe *p);
unsigned ice_probe_requests(const struct ice_probe *p); /* distinct requests so far, first contact not counted */

/* Fills the record from what was said. */
void ice_probe_record(const struct ice_probe *p, time_t read_at, struct ice_record *out);

/* For `ice probe`: which rule gave each fact, and which rungs of its ladder were empty. All that is lent lives until the callback
 * returns; texts are clean. */
struct ice_explain_ops {
	void (*fact)(const char *name, const char *value, void *arg); /* value NULL: nothing gave it */
	/* Of the fact before: where the rule stands, what it asked, what that said ("-": nothing), and whether it is what the fact took. */
	void (*rung)(const char *origin, const char *oid, const char *raw, bool took, void *arg);
};
extern const struct ice_explain_ops ice_explain_text; /* as lines; arg is a FILE */
void ice_probe_explain(const struct ice_probe *p, const struct ice_explain_ops *ops, void *arg);

#endif
