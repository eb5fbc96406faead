#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/glance.h"
#include "ice/outbox.h"

static char folder[64], path[96], why[512];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_glance.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/outbox.db", folder);
	return setenv("TMPDIR", folder, 1);
}

static int remove_folder(void **state)
{
	(void)state;
	char wal[128];
	snprintf(wal, sizeof(wal), "%s-wal", path);
	unlink(wal);
	unlink(path);
	return rmdir(folder); /* which fails when a copy was left in it */
}

static void count(const struct ice_outbox_row *row, void *arg)
{
	(void)row;
	++*(int *)arg;
}

static void put(struct ice_outbox *box, int n)
{
	char json[64], device[32];
	struct ice_reading reading = {.json = json, .device = device}, *one = &reading;
	size_t taken;
	snprintf(json, sizeof(json), "{\"ip\":\"127.0.0.%d\"}", n);
	reading.len = strlen(json);
	snprintf(device, sizeof(device), "device %d", n);
	assert_int_equal(ice_outbox_put(box, (const struct ice_reading *const *)&one, 1, &taken), ICE_OUTBOX_OK);
}

/* What a copy holds that is made now. */
static int glance(void)
{
	struct ice_glance g;
	int n = 0;
	if (!ice_glance_take(&g, path, why, sizeof(why)))
		fail_msg("%s", why);
	struct ice_outbox_options options = {.path = g.path, .site = "any", .keep = true};
	struct ice_outbox *copy = ice_outbox_open(&options, why, sizeof(why));
	if (!copy)
		fail_msg("%s", why);
	assert_true(ice_outbox_each(copy, count, &n));
	ice_outbox_close(copy);
	ice_glance_end(&g);
	return n;
}

static void test_an_open_outbox_is_seen_as_it_is(void **state)
{
	(void)state;
	struct ice_outbox_options options = {.path = path, .site = "hq"};
	struct ice_outbox *box = ice_outbox_open(&options, why, sizeof(why));
	assert_non_null(box);
	assert_null(ice_outbox_open(&options, why, sizeof(why)));
	for (int n = 1; n <= 20; n++) {
		put(box, n);
		if (n % 7 == 0)
			ice_outbox_idle(box); /* the log goes into the database, and begins again */
		assert_int_equal(glance(), n);
	}
	put(box, 21); /* the owner has not noticed */
	ice_outbox_close(box);
	assert_int_equal(glance(), 21);
}

static void test_what_cannot_be_copied_is_told(void **state)
{
	(void)state;
	struct ice_glance g;
	char other[128];
	snprintf(other, sizeof(other), "%s/link", folder);
	assert_int_equal(symlink(path, other), 0);
	assert_false(ice_glance_take(&g, other, why, sizeof(why)));
	assert_non_null(strstr(why, other));
	unlink(other);
	assert_int_equal(mkfifo(other, 0600), 0); /* nobody writes into it: that is no empty outbox */
	assert_false(ice_glance_take(&g, other, why, sizeof(why)));
	assert_non_null(strstr(why, "not a regular file"));
	unlink(other);
	assert_false(ice_glance_take(&g, "/dev/null", why, sizeof(why)));
	ice_glance_end(&g); /* of one that was never taken */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_an_open_outbox_is_seen_as_it_is),
	        cmocka_unit_test(test_what_cannot_be_copied_is_told),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
