/* The status in its three shapes: an object for programs, text for people, samples for Prometheus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ice/text.h"

#include "service/alive.h"
#include "service/prometheus.h"
#include "service/status.h"
#include "service/status_file.h"
#include "service/status_tell.h"

#define NOW 1795407230

/* A service with a range whose name wants to be something else. */
static void fill(struct ice_status *s, struct ice_status_range ranges[2], struct ice_troubles *t,
                 struct ice_status_request *request)
{
	struct ice_address a;
	*s = (struct ice_status){.written = NOW - 3,
	                         .started = NOW - 90000,
	                         .version = "1.2.3",
	                         .site = "hq",
	                         .server = "https://fm.example.org",
	                         .config = "/etc/ice/ice.ini",
	                         .config_read = NOW - 7200,
	                         .ranges = ranges,
	                         .range_count = 2,
	                         .outbox_max = 1 << 30,
	                         .acknowledged = NOW - 120,
	                         .troubles = t,
	                         .requests = request,
	                         .request_count = 1};
	memset(ranges, 0, 2 * sizeof *ranges);
	ranges[0].name = "office";
	ranges[0].addresses = 65534;
	ranges[0].sweep.began = NOW - 100;
	ranges[0].sweep.done = 32767;
	ranges[0].sweep.found = 12;
	ranges[0].sweep.rate = 327.67;
	ranges[0].printers[ICE_DEVICE_NORMAL] = 10;
	ranges[0].printers[ICE_DEVICE_MISSING] = 2;
	ranges[0].next[ICE_LANE_PULSE] = NOW + 60;
	ranges[1].name = "a\"b\\c\n\033[31m";
	ranges[1].addresses = 254;
	ranges[1].sweep.began = NOW - 4000;
	ranges[1].sweep.ended = NOW - 3600;
	s->depth.batches = 3;
	s->depth.readings = 120;
	s->depth.bytes = 12345;
	s->figures.scanner.strays[ICE_VERDICT_UNKNOWN_ID] = 7;
	assert_true(ice_address_parse("10.1.2.3", &a));
	ice_slowest_add(&s->slowest, &a, ICE_USEC_MSEC(812), "office");
	*t = (struct ice_troubles){.count = 0};
	ice_troubles_add(t, NOW - 600, ICE_LOG_WARN, "upload fails, batches wait",
	                 "upload fails, batches wait reason=\"connection refused\"");
	*request = (struct ice_status_request){{"0123456789abcdef", ICE_REQUEST_SWEEP, "office"}, NOW - 5, "begun"};
}

static char *tell(const json_t *o)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	struct ice_terminal_style style = {0};
	ice_status_tell(o, NOW, &style, to);
	fclose(to);
	return text;
}

static bool says(const char *text, const char *what)
{
	if (strstr(text, what))
		return true;
	fprintf(stderr, "not said: %s\nin:\n%s\n", what, text);
	return false;
}

static void test_a_healthy_service(void **state)
{
	(void)state;
	struct ice_status s;
	struct ice_status_range ranges[2];
	struct ice_troubles t;
	struct ice_status_request request;
	fill(&s, ranges, &t, &request);
	json_t *o = ice_status_json(&s);
	assert_true(json_is_true(json_object_get(o, "healthy")));
	assert_int_equal(json_integer_value(json_object_get(o, "written_at")), NOW - 3);
	const json_t *office = json_array_get(json_object_get(o, "ranges"), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(office, "printers"), "missing")), 2);
	assert_true(json_is_true(json_object_get(json_object_get(office, "sweep"), "going")));
	assert_null(json_object_get(json_object_get(office, "sweep"), "ended_at"));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json_object_get(o, "network"), "strays"),
	                                                    "unknown_id")),
	                 7);
	json_object_set_new(o, "alive", json_true());
	char *text = tell(o);
	assert_true(says(text, "* ice: healthy, running for 1 day 1 h"));
	assert_true(says(text, "site: hq at https://fm.example.org"));
	assert_true(says(text, "read 2 h ago"));
	assert_true(says(text, "sweeping office: 32767 of 65534 addresses, 12 printers"));
	assert_true(says(text, "3 batches with 120 readings wait, 12 KiB of 1.0 GiB"));
	assert_true(says(text, "last acknowledged 2 min ago; by https"));
	assert_true(says(text, "strays: unknown_id 7"));
	assert_true(says(text, "10.1.2.3 812 ms"));
	assert_true(says(text, "now, 50 % in 1 min 40 s"));
	assert_true(says(text, "1 h ago, took 6 min 40 s"));
	assert_true(says(text, "in 1 min"));
	assert_true(says(text, "10 min ago, solved since: upload fails"));
	assert_null(strstr(text, "do: "));
	assert_null(strchr(text, '\033'));
	free(text);
	json_decref(o);
}

static void test_what_needs_attention(void **state)
{
	(void)state;
	struct ice_status s;
	struct ice_status_range ranges[2];
	struct ice_troubles t;
	struct ice_status_request request;
	struct ice_conf_mistakes mistakes = {0};
	fill(&s, ranges, &t, &request);
	ice_conf_mistake(&mistakes, "/etc/ice/ice.ini", 7, "sweep.rate", "is no rate");
	s.config_refused = NOW - 10;
	s.mistakes = &mistakes;
	s.outbox_full = true;
	s.depth.rejected = 2;
	s.upload.stuck = 1;
	s.upload.last_error = "connection refused";
	s.upload.http_in_use = true;
	json_t *o = ice_status_json(&s);
	assert_false(json_is_true(json_object_get(o, "healthy")));
	assert_int_equal(json_array_size(json_object_get(o, "problems")), 5);
	json_object_set_new(o, "alive", json_true());
	char *text = tell(o);
	assert_true(says(text, "* ice: needs attention, running for"));
	assert_true(says(text, "doing: waiting: the outbox takes no more"));
	assert_true(says(text, "nothing can be delivered: connection refused"));
	assert_true(says(
	        text,
	        "10 min ago: upload fails, batches wait reason=\"connection refused\"\n    do: ice check -c FILE"));
	assert_true(says(text, "1 mistakes in /etc/ice/ice.ini"));
	assert_true(says(text, "where the disk is full, make room on it"));
	assert_true(says(text, "2 batches are set aside"));
	assert_true(says(text, "ice outbox retry (with the service stopped)"));
	assert_true(says(text, "1 batches fail again and again while others are delivered"));
	assert_true(says(text, "by http, sealed"));
	free(text);
	json_decref(o);
	ice_conf_mistakes_free(&mistakes);
}

/* Each trouble that can be seen to be over, while it lasts and after. */
static void test_troubles_that_are_over(void **state)
{
	(void)state;
	static const char *const messages[] = {"upload fails, batches wait",
	                                       "HTTPS cannot be reached: batches go sealed over HTTP after it",
	                                       "batch rejected by the server: set aside",
	                                       "batch fails again and again: others go past it",
	                                       "outbox is full, sweeping waits",
	                                       "outbox refuses, sweeping waits",
	                                       "reload refused, the old configuration stays",
	                                       "mistake in the configuration"};
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		struct ice_troubles t = {.count = 0};
		struct ice_status over = {.troubles = &t}, lasts = over;
		lasts.depth.batches = 1;
		lasts.depth.rejected = 1;
		lasts.upload.stuck = 1;
		lasts.outbox_full = true;
		lasts.upload.last_error = "no";
		lasts.upload.http_in_use = true;
		lasts.config_refused = NOW;
		ice_troubles_add(&t, NOW, ICE_LOG_WARN, messages[i], messages[i]);
		for (int k = 0; k < 2; k++) {
			json_t *o = ice_status_json(k ? &over : &lasts);
			const json_t *one = json_array_get(json_object_get(o, "troubles"), 0);
			assert_int_equal(json_is_true(json_object_get(one, "solved")), k);
			assert_int_equal(json_object_get(one, "do") == NULL, k);
			json_decref(o);
		}
	}
}

/* Whatever stands in the file, it is told as far as it makes sense. */
static void test_a_strange_status(void **state)
{
	(void)state;
	static const char *const strange[] = {
	        "{}", "{\"ranges\":5,\"problems\":{},\"troubles\":[3],\"slowest\":[[]],\"network\":{\"strays\":[1]}}",
	        "{\"ranges\":[{\"name\":7,\"sweep\":{\"began_at\":-5,\"rate\":\"x\"}}],\"pid\":\"no\"}",
	        "{\"ranges\":[{\"name\":\"x\",\"addresses\":0,\"sweep\":{\"began_at\":9223372036854775807}}],"
	        "\"started_at\":-9223372036854775808,\"doing\":\"a\\u001b[2Jb\"}",
	        "{\"doing\":\"a\\u009b2Jb\",\"network\":{\"strays\":{\"\\u009b31m\":1}},\"ranges\":[{\"name\":"
	        "\"\\u0085\"}]}"};
	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
		json_t *o = json_loads(strange[i], 0, NULL);
		assert_non_null(o);
		char *text = tell(o);
		assert_true(says(text, "not running"));
		assert_null(strchr(text, '\033'));
		assert_null(strstr(text, "\xc2\x9b"));
		assert_null(strstr(text, "\xc2\x85"));
		free(text);
		json_decref(o);
	}
}

static void test_spans(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {{-5, "0 s"},           {0, "0 s"},          {59, "59 s"},         {60, "1 min"},
	            {61, "1 min 1 s"},     {599, "9 min 59 s"}, {601, "10 min"},      {3600, "1 h"},
	            {7384, "2 h 3 min"},   {86400, "1 day"},    {90000, "1 day 1 h"}, {864000, "10 days"},
	            {31536000, "365 days"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char out[ICE_STATUS_SPAN_SIZE];
		assert_string_equal(ice_status_span(rows[i].seconds, out), rows[i].text);
	}
}

static char *samples(const struct ice_status *s)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	ice_prometheus_write(s, to);
	fclose(to);
	return text;
}

static void test_samples(void **state)
{
	(void)state;
	struct ice_status s;
	struct ice_status_range ranges[2];
	struct ice_troubles t;
	struct ice_status_request request;
	fill(&s, ranges, &t, &request);
	char *text = samples(&s);
	assert_true(says(text, "\nice_printers{range=\"office\",state=\"missing\"} 2\n"));
	assert_true(says(text,
	                 "\nice_sweep_last_success_timestamp_seconds{range=\"a\\\"b\\\\c\\n\033[31m\"} 1795403630\n"));
	assert_null(strstr(text, "ice_sweep_last_success_timestamp_seconds{range=\"office\"}"));
	assert_true(
	        says(text, "\nice_lane_next_start_timestamp_seconds{range=\"office\",lane=\"pulse\"} 1795407290\n"));
	assert_true(says(text, "\nice_outbox_batches 3\n"));
	assert_true(says(text, "\nice_strays_total{reason=\"unknown_id\"} 7\n"));
	assert_true(says(text, "\nice_healthy 1\n"));
	assert_int_equal(text[strlen(text) - 1], '\n');
	free(text);
	s.outbox_full = true;
	text = samples(&s);
	assert_true(says(text, "\nice_healthy 0\n"));
	free(text);
}

static void lay(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");
	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

static void test_a_status_that_cannot_be_had(void **state)
{
	(void)state;
	char folder[] = "/tmp/test_status.XXXXXX", path[128], why[512];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/%s", folder, ICE_STATUS_FILE);
	assert_null(ice_status_load(folder, NOW, why, sizeof why));
	assert_non_null(strstr(why, "no service has ever run"));
	assert_non_null(strstr(why, "another state.directory is not seen"));
	static const char *const bad[] = {"", "{", "[]", "\"text\"", "{\"a\":\xff}", "\xc2\x9bJ", "[\033[2J]"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		lay(path, bad[i]);
		assert_null(ice_status_load(folder, NOW, why, sizeof why));
		assert_non_null(strstr(why, "is no status"));
		assert_true(ice_text_is_clean(why));
	}
	/* numbers that no clock ever tells */
	lay(path, "{\"written_at\":-9223372036854775808,\"started_at\":9223372036854775807,"
	          "\"upload\":{\"last_acknowledged_at\":-9223372036854775808},\"ranges\":[{\"sweep\":{"
	          "\"began_at\":-9223372036854775807,\"ended_at\":9223372036854775807},"
	          "\"next\":{\"pulse\":9223372036854775807},"
	          "\"printers\":{\"new\":9223372036854775807,\"normal\":9223372036854775807}}]}");
	json_t *measured = ice_status_load(folder, NOW, why, sizeof why);
	assert_non_null(measured);
	free(tell(measured));
	json_object_set_new(measured, "alive", json_true());
	free(tell(measured));
	json_decref(measured);
	/* what the service's user could lay there for who asks as root: a pipe that nobody writes, a link to what only root reads */
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(ice_status_load(folder, NOW, why, sizeof why));
	assert_non_null(strstr(why, "no service wrote that"));
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_null(ice_status_load(folder, NOW, why, sizeof why));
	assert_null(strstr(why, "near"));
	unlink(path);
	lay(path, "{\"healthy\":true,\"written_at\":1795407000}");
	json_t *o = ice_status_load(folder, NOW, why, sizeof why);
	assert_non_null(o);
	assert_false(json_is_true(json_object_get(o, "alive")));
	assert_false(json_is_true(json_object_get(o, "healthy")));
	assert_int_equal(json_integer_value(json_object_get(o, "age_seconds")), 230);
	char *text = tell(o);
	assert_true(says(text, "another state.directory is not seen"));
	free(text);
	json_decref(o);
	unlink(path);
	rmdir(folder);
}

/* A service that lives and hangs: what it told last grows old. */
static void test_a_silent_service(void **state)
{
	(void)state;
	static const struct {
		int64_t written;
		bool healthy;
		const char *said;
	} cases[] = {{NOW, true, ""},
	             {NOW - ICE_STATUS_EVERY - 5, true, ""},
	             {NOW - 31, false, "has not been heard of for 31 s"},
	             {NOW + 100, false, "100 s ahead of this machine's clock"}};
	char folder[] = "/tmp/test_status.XXXXXX", path[128], why[512], text[256];
	int held[2];
	assert_non_null(mkdtemp(folder));
	assert_int_equal(pipe(held), 0);
	pid_t service = fork();
	if (service == 0) {
		bool alive = ice_alive_begin(folder, why, sizeof why);
		_exit(write(held[1], alive ? "y" : "n", 1) == 1 && alive ? pause() : 1);
	}
	assert_int_equal(read(held[0], why, 1), 1);
	assert_int_equal(why[0], 'y');
	snprintf(path, sizeof path, "%s/%s", folder, ICE_STATUS_FILE);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "{\"healthy\":true,\"written_at\":%" PRId64 "}", cases[i].written);
		lay(path, text);
		json_t *o = ice_status_load(folder, NOW, why, sizeof why);
		assert_non_null(o);
		assert_true(json_is_true(json_object_get(o, "alive")));
		assert_int_equal(json_is_true(json_object_get(o, "healthy")), cases[i].healthy);
		char *told = tell(o);
		assert_true(says(told, cases[i].said));
		free(told);
		json_decref(o);
	}
	kill(service, SIGKILL);
	waitpid(service, NULL, 0);
	snprintf(text, sizeof text, "rm -r %s", folder);
	assert_int_equal(system(text), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_healthy_service),
	        cmocka_unit_test(test_what_needs_attention),
	        cmocka_unit_test(test_troubles_that_are_over),
	        cmocka_unit_test(test_a_strange_status),
	        cmocka_unit_test(test_spans),
	        cmocka_unit_test(test_samples),
	        cmocka_unit_test(test_a_status_that_cannot_be_had),
	        cmocka_unit_test(test_a_silent_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
