#include "found.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/text.h"

#include "amount.h"

#define FOUND_TEXT 256 /* longest text kept of one cell */

struct ice_found {
	struct ice_found_row **rows;
	size_t count, room, max, left_out;
};

struct ice_found *ice_found_new(size_t max_rows)
{
	struct ice_found *f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->max = max_rows;
	return f;
}

void ice_found_free(struct ice_found *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		free(f->rows[i]);
	free(f->rows);
	free(f);
}

/* Takes over a filled row template: one allocation a row, its texts behind it. */
static void found_keep(struct ice_found *f, struct ice_found_row *row, char texts[ICE_FOUND_TEXTS][FOUND_TEXT])
{
	size_t bytes = 0;
	for (size_t i = 0; i < ICE_FOUND_TEXTS; i++)
		bytes += strlen(texts[i]) + 1;
	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 64;
		f->rows = reallocarray(f->rows, f->room, sizeof *f->rows);
	}
	struct ice_found_row *kept = malloc(sizeof *kept + bytes);
	if (!f->rows || !kept)
		abort();
	*kept = *row;
	char *at = kept->pool;
	for (size_t i = 0; i < ICE_FOUND_TEXTS; i++) {
		size_t n = strlen(texts[i]) + 1;
		kept->text[i] = memcpy(at, texts[i], n);
		at += n;
	}
	f->rows[f->count++] = kept;
}

/* Records hold clean text; a table must not depend on that: one stray escape sequence could repaint a terminal. */
static void found_text(char out[FOUND_TEXT], const char *s)
{
	if (s)
		ice_text_clean((const uint8_t *)s, strlen(s), ICE_TEXT_UTF8, out, FOUND_TEXT);
	else
		out[0] = '\0';
}

/* One text behind another, with a blank between them where both are. */
static void found_join(const char *a, const char *b, char out[2 * FOUND_TEXT])
{
	size_t an = a ? strnlen(a, FOUND_TEXT - 1) : 0, bn = b ? strnlen(b, FOUND_TEXT - 1) : 0;
	if (an > 0)
		memcpy(out, a, an);
	if (an > 0 && bn > 0)
		out[an++] = ' ';
	if (bn > 0)
		memcpy(out + an, b, bn);
	out[an + bn] = '\0';
}

/* The label of a textual convention as words: "markerTonerAlmostEmpty" -> "marker toner almost empty". */
static void found_words(const char *label, char *out, size_t size)
{
	size_t o = strlen(out);
	if (o > 0 && o + 2 < size) {
		out[o++] = ',';
		out[o++] = ' ';
	}
	for (const char *p = label; *p && o + 3 < size; p++) {
		if (isupper((unsigned char)*p) && p > label && islower((unsigned char)p[-1]))
			out[o++] = ' ';
		out[o++] = (char)tolower((unsigned char)*p);
	}
	out[o] = '\0';
}

/* What is the matter: detected errors, then critical alerts, then the others, each kind once. */
static bool found_alerts(const struct ice_record *r, char out[FOUND_TEXT])
{
	static const char *const stopping[] = {"noPaper",          "noToner",           "doorOpen",
	                                       "jammed",           "offline",           "serviceRequested",
	                                       "inputTrayMissing", "outputTrayMissing", "markerSupplyMissing",
	                                       "outputFull",       "inputTrayEmpty"};
	bool critical = false;
	char words[FOUND_TEXT];
	out[0] = '\0';
	for (size_t i = 0; i < r->error_count; i++) {
		for (size_t k = 0; k < sizeof stopping / sizeof *stopping; k++)
			critical |= strcmp(r->errors[i], stopping[k]) == 0;
		found_words(r->errors[i], out, FOUND_TEXT);
	}
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < r->alert_count; i++) {
			const struct ice_alert *a = &r->alerts[i];
			bool is_critical = a->severity && strncmp(a->severity, "critical", 8) == 0;
			const char *label = a->code && strcmp(a->code, "other") != 0 && strcmp(a->code, "unknown") != 0
			                            ? a->code
			                            : a->group;
			if (is_critical != (pass == 0) || !label)
				continue;
			critical |= is_critical;
			words[0] = '\0';
			found_words(label, words, sizeof words);
			if (!strstr(out, words))
				found_words(label, out, FOUND_TEXT);
		}
	}
	found_text(words, out);
	strcpy(out, words);
	return critical;
}

struct found_color {
	const char *word; /* found anywhere in the supply's colour */
	char letter;
	uint8_t color;
};

/* More particular words first. Black is drawn in grey: a terminal's own ground is black often enough. */
static const struct found_color found_colors[] = {
        {"light cyan", 'c', 159}, {"light magenta", 'm', 218}, {"lightcyan", 'c', 159}, {"lightmagenta", 'm', 218},
        {"gray", 'g', 250},       {"grey", 'g', 250},          {"black", 'K', 245},     {"cyan", 'C', 44},
        {"magenta", 'M', 170},    {"yellow", 'Y', 220},        {"red", 'R', 160},       {"green", 'G', 34},
        {"blue", 'B', 33},        {"orange", 'O', 208},        {"violet", 'V', 99},     {"white", 'W', 255},
        {"clear", 'T', 252},      {"gloss", 'T', 252},
};

static struct found_color found_color_of(const char *color)
{
	char folded[64];
	size_t n = 0;
	for (; color && color[n] && n + 1 < sizeof folded; n++)
		folded[n] = (char)tolower((unsigned char)color[n]);
	folded[n] = '\0';
	for (size_t i = 0; n > 0 && i < sizeof found_colors / sizeof *found_colors; i++)
		if (strstr(folded, found_colors[i].word))
			return found_colors[i];
	return (struct found_color){"", '?', 252};
}

/* Toner and ink, as the bars show them; not drums, fusers or waste bottles. */
static bool found_is_ink(const struct ice_supply *s)
{
	static const char *const inks[] = {"toner",    "ink",    "inkCartridge", "inkRibbon", "tonerCartridge",
	                                   "solidWax", "ribbon", "ribbonWax",    "wax"};
	if (s->class && strcmp(s->class, "filled") == 0)
		return false;
	for (size_t i = 0; s->type && i < sizeof inks / sizeof *inks; i++)
		if (strcasecmp(s->type, inks[i]) == 0)
			return true;
	return s->color && (!s->type || strcmp(s->type, "other") == 0 || strcmp(s->type, "unknown") == 0);
}

/* Black, cyan, magenta, yellow, then the device's own order: so that bars stand under each other. */
static void found_supplies(const struct ice_record *r, struct ice_found_row *row)
{
	static const char order[] = "KCMY";
	struct found_color colors[ICE_RECORD_SUPPLIES];
	uint8_t inks[ICE_RECORD_SUPPLIES];
	size_t n = 0;
	for (size_t i = 0; i < r->supply_count; i++) {
		if (!found_is_ink(&r->supplies[i]))
			continue;
		colors[n] = found_color_of(r->supplies[i].color);
		inks[n++] = (uint8_t)i;
	}
	for (size_t pass = 0; pass <= 4; pass++) {
		for (size_t i = 0; i < n && row->supply_count < ICE_FOUND_SUPPLIES; i++) {
			const struct ice_supply *s = &r->supplies[inks[i]];
			const char *at = strchr(order, colors[i].letter);
			if ((at ? (size_t)(at - order) : 4) != pass)
				continue;
			row->supplies[row->supply_count++] =
			        (struct ice_found_supply){colors[i].letter, colors[i].color, (uint8_t)s->state,
			                                  s->has_percent, (float)s->percent};
		}
	}
}

void ice_found_printer(struct ice_found *f, const struct ice_record *r)
{
	struct ice_found_row row = {.address = r->ip};
	char texts[ICE_FOUND_TEXTS][FOUND_TEXT], model[FOUND_TEXT * 2], pages[ICE_AMOUNT_SIZE];
	if (f->count == f->max) {
		f->left_out++;
		return;
	}
	found_text(texts[ICE_FOUND_NAME], r->name);
	found_join(r->make, r->model, model);
	found_text(texts[ICE_FOUND_MODEL], model);
	found_text(texts[ICE_FOUND_SERIAL], r->serial);
	texts[ICE_FOUND_PAGES][0] = '\0';
	if (r->pages[ICE_PAGES_TOTAL] >= 0) {
		bool plain = !r->pages_unit || strcmp(r->pages_unit, "impressions") == 0;
		ice_amount_number((uint64_t)r->pages[ICE_PAGES_TOTAL], pages);
		found_join(pages, plain ? NULL : r->pages_unit, model);
		found_text(texts[ICE_FOUND_PAGES], model);
	}
	found_text(texts[ICE_FOUND_STATUS], r->status);
	row.critical = found_alerts(r, texts[ICE_FOUND_ALERTS]);
	found_supplies(r, &row);
	found_keep(f, &row, texts);
}

void ice_found_device(struct ice_found *f, const struct ice_finding *finding)
{
	struct ice_found_row row = {.address = finding->address};
	const struct ice_identity *id = finding->identity;
	char texts[ICE_FOUND_TEXTS][FOUND_TEXT];
	if (f->count == f->max) {
		f->left_out++;
		return;
	}
	found_text(texts[ICE_FOUND_NAME], finding->outcome == ICE_OUTCOME_PRINTER ? "printer" : "device");
	char make[ICE_IDENTITY_MAKE] = "", model[ICE_IDENTITY_TEXT] = "", both[2 * FOUND_TEXT];
	if (id)
		ice_identity_make_model(id, make, model);
	found_join(make, model, both);
	bool itself = id && finding->outcome == ICE_OUTCOME_PRINTER &&
	              id->device_descr[0]; /* sysDescr is often the network card's */
	found_text(texts[ICE_FOUND_MODEL], model[0] ? both : itself ? id->device_descr : id ? id->descr : "");
	found_text(texts[ICE_FOUND_SERIAL], finding->version == ICE_SNMP_V1 ? "v1" : "v2c");
	snprintf(texts[ICE_FOUND_PAGES], FOUND_TEXT, "%u", finding->credential + 1u);
	found_text(texts[ICE_FOUND_STATUS], id && id->profile ? ice_profile_name(id->profile) : "");
	texts[ICE_FOUND_ALERTS][0] = '\0';
	found_keep(f, &row, texts);
}

static int found_order(const void *a, const void *b)
{
	const struct ice_found_row *const *x = a, *const *y = b;
	return ice_address_compare(&(*x)->address, &(*y)->address);
}

void ice_found_sort(struct ice_found *f)
{
	if (f->count > 1)
		qsort(f->rows, f->count, sizeof *f->rows, found_order);
}

size_t ice_found_count(const struct ice_found *f)
{
	return f->count;
}

size_t ice_found_left_out(const struct ice_found *f)
{
	return f->left_out;
}

const struct ice_found_row *ice_found_row(const struct ice_found *f, size_t i)
{
	return f->rows[i];
}
