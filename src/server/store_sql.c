/* What the store says to SQLite: its tables, and every statement it ever runs. */
#include "store_sqlite.h"

/* A device belongs to its site: `identity` is unique there, and another site's key cannot touch it. `seen` is the engine's
 * read_at, but never later than the server's own clock at that time: an engine whose clock was once
 * years ahead must not keep a device's facts frozen until then. */
const char fm_store_sql_schema[] =
        "CREATE TABLE site(site INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key BLOB NOT NULL,"
        " created_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE TABLE batch(batch INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site, id TEXT NOT NULL,"
        " sequence INTEGER NOT NULL, received_at INTEGER NOT NULL, readings INTEGER NOT NULL, UNIQUE(site, id)) STRICT;"
        "CREATE INDEX batch_sequence ON batch(site, sequence);"
        "CREATE TABLE device(device INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site, identity TEXT NOT NULL,"
        " ip TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, json TEXT NOT NULL,"
        " UNIQUE(site, identity)) STRICT;"
        "CREATE TABLE reading(reading INTEGER PRIMARY KEY, batch INTEGER NOT NULL REFERENCES batch,"
        " device INTEGER NOT NULL REFERENCES device, read_at INTEGER NOT NULL, json TEXT NOT NULL) STRICT;"
        "CREATE INDEX reading_device ON reading(device, read_at);"
        "CREATE TABLE value(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;";

/* What the first version did not have. A reading that travelled whole can be the base of changes, by its `name`; `raw` is the record as it
 * travelled, where its `json` is not. `waiting` holds changes whose base is not here (0), has come (1), or
 * does not fit them (2): those stay for a person to look at. Readings may only be deleted with the changes of them. */
const char fm_store_sql_schema_2[] =
        "ALTER TABLE reading ADD COLUMN name TEXT; ALTER TABLE reading ADD COLUMN raw TEXT;"
        "CREATE INDEX reading_name ON reading(name) WHERE name IS NOT NULL;"
        "CREATE TABLE waiting(waiting INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site,"
        " batch INTEGER NOT NULL REFERENCES batch, base TEXT NOT NULL, state INTEGER NOT NULL, json TEXT NOT NULL) "
        "STRICT;"
        "CREATE INDEX waiting_base ON waiting(site, base) WHERE state = 0;"
        "CREATE INDEX waiting_ready ON waiting(waiting) WHERE state = 1;";

const char *const fm_store_sql[QUERY_COUNT] = {
        [QUERY_BEGIN] = "BEGIN IMMEDIATE",
        [QUERY_COMMIT] = "COMMIT",
        [QUERY_ROLLBACK] = "ROLLBACK",
        [QUERY_SITE_ADD] = "INSERT INTO site(name, key, created_at) VALUES(?1, ?2, ?3)"
                           " ON CONFLICT(name) DO UPDATE SET key = excluded.key, revoked_at = 0"
                           " WHERE revoked_at != 0",
        [QUERY_SITE_GET] = "SELECT name, key, created_at, revoked_at FROM site WHERE name = ?1",
        [QUERY_SITE_REVOKE] = "UPDATE site SET revoked_at = ?2 WHERE name = ?1 AND revoked_at = 0",
        [QUERY_SITE_EACH] =
                "SELECT s.name, s.created_at, s.revoked_at, ifnull(b.last, 0), ifnull(b.batches, 0),"
                " ifnull(b.readings, 0), ifnull(d.devices, 0), ifnull(b.top, 0), ifnull(b.top - b.numbers, 0),"
                " ifnull(w.waiting, 0)"
                " FROM site s"
                " LEFT JOIN (SELECT site, max(received_at) last, count(*) batches, sum(readings) readings,"
                "   max(sequence) top, count(DISTINCT sequence) numbers FROM batch GROUP BY site) b ON b.site = s.site"
                " LEFT JOIN (SELECT site, count(*) devices FROM device GROUP BY site) d ON d.site = s.site"
                " LEFT JOIN (SELECT site, count(*) waiting FROM waiting GROUP BY site) w ON w.site = s.site"
                " ORDER BY s.name",
        [QUERY_SITE_ID] = "SELECT site FROM site WHERE name = ?1 AND revoked_at = 0",
        [QUERY_BATCH_ADD] = "INSERT INTO batch(site, id, sequence, received_at, readings) VALUES(?1, ?2, ?3, ?4, ?5)"
                            " ON CONFLICT(site, id) DO NOTHING",
        [QUERY_DEVICE_GET] = "SELECT device, last_seen FROM device WHERE site = ?1 AND identity = ?2",
        [QUERY_DEVICE_ADD] = "INSERT INTO device(site, identity, ip, first_seen, last_seen, json)"
                             " VALUES(?1, ?2, ?3, ?4, ?4, ?5)",
        [QUERY_DEVICE_NEWER] = "UPDATE device SET ip = ?2, last_seen = ?3, json = ?4 WHERE device = ?1",
        [QUERY_DEVICE_OLDER] = "UPDATE device SET first_seen = min(first_seen, ?2) WHERE device = ?1",
        [QUERY_READING_ADD] = "INSERT INTO reading(batch, device, read_at, json, name, raw)"
                              " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        [QUERY_BASE_GET] = "SELECT ifnull(r.raw, r.json) FROM reading r JOIN batch b USING(batch)"
                           " WHERE r.name = ?2 AND b.site = ?1 LIMIT 1",
        [QUERY_WAITING_ADD] = "INSERT INTO waiting(site, base, batch, state, json) VALUES(?1, ?2, ?3, 0, ?4)",
        [QUERY_WAITING_READY] = "UPDATE waiting SET state = 1 WHERE site = ?1 AND base = ?2 AND state = 0",
        [QUERY_WAITING_GET] = "SELECT w.waiting, w.site, w.base, w.batch, w.json, b.received_at"
                              " FROM waiting w JOIN batch b USING(batch) WHERE w.state = 1 ORDER BY w.waiting LIMIT 1",
        [QUERY_WAITING_END] = "DELETE FROM waiting WHERE waiting = ?1",
        [QUERY_WAITING_UNFIT] = "UPDATE waiting SET state = 2 WHERE waiting = ?1",
        /* Readings are numbered as they came: the first young one ends a pass. */
        [QUERY_FORGET_LOOK] =
                "SELECT max(reading), max(received_at) FROM (SELECT r.reading, b.received_at FROM reading r"
                " JOIN batch b USING(batch) WHERE r.reading > ?1 ORDER BY r.reading LIMIT ?2)",
        [QUERY_FORGET] = "DELETE FROM reading WHERE reading > ?1 AND reading <= ?2"
                         " AND (SELECT received_at FROM batch b WHERE b.batch = reading.batch) < ?3"
                         " AND (name IS NULL OR EXISTS (SELECT 1 FROM reading r WHERE r.device = reading.device"
                         "   AND r.read_at > reading.read_at AND r.name IS NOT NULL))",
        [QUERY_DEVICE_EACH] = "SELECT s.name, d.identity, d.ip, d.json, d.first_seen, d.last_seen FROM device d JOIN "
                              "site s USING(site)"
                              " WHERE ?1 IS NULL OR s.name = ?1 ORDER BY s.name, d.identity",
        [QUERY_VALUE_SET] = "INSERT INTO value(key, value) VALUES(?1, ?2)"
                            " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        [QUERY_VALUE_GET] = "SELECT value FROM value WHERE key = ?1",
};
