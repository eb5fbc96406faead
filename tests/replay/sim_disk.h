/* sim_disk: a disk in memory below SQLite, that forgets what was not synced when its power is cut.
 *
 * A virtual file system of SQLite's own kind, put in as the default one, so that outbox and store run on it unchanged. Two
 * machines have a disk each. What was written stands in the cache at once (a process that dies loses none of it) and on the
 * platter after a sync; when the power goes, each 512-byte sector written since then is there or not, by the seed. The power may
 * go between two events, or in the middle of any call, after a number of operations (the fuse); from then on everything fails,
 * and whoever still runs is a dead man whose words do not count.
 *
 * Real files of no bytes stand behind the names, since the modules look at modes and owners before they open. */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/random.h"

#define SIM_DISK_FILES  8
#define SIM_DISK_NAME   160
#define SIM_DISK_SECTOR 512
#define SIM_DISK_REGION 32768

struct sim_bytes {
	uint8_t *at;
	size_t size, room;
};

/* A write (or, without data, a truncation to `offset`) that is not yet on the platter. */
struct sim_write {
	size_t offset, len, data; /* data: where its bytes stand in `written` */
	bool truncates;
};

struct sim_file {
	char name[SIM_DISK_NAME];
	bool there;
	struct sim_bytes cache, platter, written;
	struct sim_write *writes;
	size_t write_count, write_room;
};

struct sim_disk {
	const char *folder; /* names below it are this disk's */
	struct sim_file files[SIM_DISK_FILES];
	struct ice_random random;
	unsigned life;        /* handles of an earlier life are dead */
	bool dead;            /* power is off until sim_disk_restart */
	int64_t fuse;         /* operations until the power goes; negative: it stays */
	unsigned fails, full; /* per thousand operations that fail with EIO, writes that find no room */
	uint64_t operations, syncs;
};

struct sim_handle {
	struct sqlite3_file base;
	struct sim_disk *disk;
	struct sim_file *file;
	unsigned life;
	void *regions[8]; /* the log's shared index: one connection per file, so it is the handle's own */
};

static struct sim_disk sim_disks[2];
static uint64_t sim_disk_salt; /* SQLite's randomness: the log's salts */
static int64_t sim_disk_wall;  /* milliseconds since 1970 */

static void sim_bytes_resize(struct sim_bytes *b, size_t size)
{
	if (size > b->room) {
		b->room = size < 4096 ? 4096 : size + size / 2;
		b->at = realloc(b->at, b->room);
		if (!b->at)
			abort();
	}
	if (size > b->size)
		memset(b->at + b->size, 0, size - b->size);
	b->size = size;
}

static void sim_bytes_put(struct sim_bytes *b, size_t offset, const uint8_t *data, size_t len)
{
	if (offset + len > b->size)
		sim_bytes_resize(b, offset + len);
	memcpy(b->at + offset, data, len);
}

static void sim_bytes_copy(struct sim_bytes *to, const struct sim_bytes *from)
{
	sim_bytes_resize(to, from->size);
	if (from->size > 0)
		memcpy(to->at, from->at, from->size);
}

/* ---- what the world does to a disk ---- */

static void sim_file_sync(struct sim_file *f)
{
	for (size_t i = 0; i < f->write_count; i++) {
		const struct sim_write *w = &f->writes[i];
		if (w->truncates)
			sim_bytes_resize(&f->platter, w->offset);
		else
			sim_bytes_put(&f->platter, w->offset, f->written.at + w->data, w->len);
	}
	f->write_count = 0;
	f->written.size = 0;
}

/* Each sector written since the last sync reached the platter or did not, in whatever order; none will any more. */
static void sim_file_settle(struct sim_file *f, struct ice_random *r)
{
	for (size_t i = 0; i < f->write_count; i++) {
		const struct sim_write *w = &f->writes[i];
		if (w->truncates) {
			if (ice_random_below(r, 2))
				sim_bytes_resize(&f->platter, w->offset);
			continue;
		}
		for (size_t at = 0, n; at < w->len; at += n) {
			n = SIM_DISK_SECTOR - (w->offset + at) % SIM_DISK_SECTOR;
			n = n < w->len - at ? n : w->len - at;
			if (ice_random_below(r, 2))
				sim_bytes_put(&f->platter, w->offset + at, f->written.at + w->data + at, n);
		}
	}
	f->write_count = 0;
	f->written.size = 0;
}

static void sim_disk_power_off(struct sim_disk *d)
{
	if (d->dead)
		return;
	d->dead = true;
	d->fuse = -1;
	for (int i = 0; i < SIM_DISK_FILES; i++) {
		sim_file_settle(&d->files[i], &d->random);
		sim_bytes_copy(&d->files[i].cache, &d->files[i].platter);
	}
}

/* The process is gone: its handles are dead, its writes are in the cache. */
static void sim_disk_kill(struct sim_disk *d)
{
	d->life++;
	d->fuse = -1;
}

static void sim_disk_restart(struct sim_disk *d)
{
	d->life++;
	d->dead = false;
	d->fuse = -1;
}

/* Empty, or with the files of a prepared disk. */
static void sim_disk_begin(struct sim_disk *d, const struct sim_disk *prepared, uint64_t seed)
{
	ice_random_seed(&d->random, seed);
	sim_disk_restart(d);
	d->fails = d->full = 0;
	d->operations = d->syncs = 0;
	for (int i = 0; i < SIM_DISK_FILES; i++) {
		struct sim_file *f = &d->files[i];
		const struct sim_file *p = prepared ? &prepared->files[i] : NULL;
		f->write_count = f->written.size = 0;
		f->there = p && p->there;
		f->cache.size = f->platter.size = 0;
		if (!f->there)
			continue;
		memcpy(f->name, p->name, sizeof(f->name));
		sim_bytes_copy(&f->cache, &p->cache);
		sim_bytes_copy(&f->platter, &p->cache);
	}
}

static void sim_disk_free(struct sim_disk *d)
{
	for (int i = 0; i < SIM_DISK_FILES; i++) {
		struct sim_file *f = &d->files[i];
		free(f->cache.at);
		free(f->platter.at);
		free(f->written.at);
		free(f->writes);
	}
}

/* ---- what SQLite sees ---- */

/* One operation: SQLITE_OK when it may go on. */
static int sim_disk_operation(struct sim_disk *d, bool writes)
{
	d->operations++;
	if (d->fuse == 0)
		sim_disk_power_off(d);
	if (d->fuse > 0)
		d->fuse--;
	if (d->dead)
		return SQLITE_IOERR;
	if (writes && d->full > 0 && ice_random_below(&d->random, 1000) < d->full)
		return SQLITE_FULL;
	if (d->fails > 0 && ice_random_below(&d->random, 1000) < d->fails)
		return SQLITE_IOERR;
	return SQLITE_OK;
}

static struct sim_handle *sim_handle(sqlite3_file *file)
{
	return (struct sim_handle *)file;
}

static int sim_handle_operation(struct sim_handle *h, bool writes)
{
	return h->life == h->disk->life ? sim_disk_operation(h->disk, writes) : SQLITE_IOERR;
}

static void sim_file_note(struct sim_file *f, const struct sim_write *w, const void *data)
{
	if (f->write_count == f->write_room) {
		f->write_room = f->write_room ? f->write_room * 2 : 64;
		f->writes = realloc(f->writes, f->write_room * sizeof(*f->writes));
		if (!f->writes)
			abort();
	}
	f->writes[f->write_count] = *w;
	f->writes[f->write_count++].data = f->written.size;
	if (w->len > 0)
		sim_bytes_put(&f->written, f->written.size, data, w->len);
}

static int sim_vfs_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset)
{
	struct sim_handle *h = sim_handle(file);
	const struct sim_bytes *b = &h->file->cache;
	size_t at = (size_t)offset, want = (size_t)n, have = at >= b->size ? 0 : b->size - at;
	if (h->life != h->disk->life || h->disk->dead)
		return SQLITE_IOERR_READ;
	have = have < want ? have : want;
	if (have > 0)
		memcpy(out, b->at + at, have);
	memset((uint8_t *)out + have, 0, want - have);
	return have < want ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int sim_vfs_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
	struct sim_handle *h = sim_handle(file);
	int rc = sim_handle_operation(h, true);
	struct sim_write w = {.offset = (size_t)offset, .len = (size_t)n};
	if (rc != SQLITE_OK)
		return rc == SQLITE_IOERR ? SQLITE_IOERR_WRITE : rc;
	sim_file_note(h->file, &w, data);
	sim_bytes_put(&h->file->cache, w.offset, data, w.len);
	return SQLITE_OK;
}

static int sim_vfs_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct sim_handle *h = sim_handle(file);
	struct sim_write w = {.offset = (size_t)size, .truncates = true};
	if (sim_handle_operation(h, false) != SQLITE_OK)
		return SQLITE_IOERR_TRUNCATE;
	sim_file_note(h->file, &w, NULL);
	sim_bytes_resize(&h->file->cache, w.offset);
	return SQLITE_OK;
}

static int sim_vfs_sync(sqlite3_file *file, int flags)
{
	struct sim_handle *h = sim_handle(file);
	(void)flags;
	if (sim_handle_operation(h, false) != SQLITE_OK) {
		/* As the kernel has it: what could not be written counts as written from now on. */
		if (h->life == h->disk->life && !h->disk->dead)
			sim_file_settle(h->file, &h->disk->random);
		return SQLITE_IOERR_FSYNC;
	}
	h->disk->syncs++;
	sim_file_sync(h->file);
	return SQLITE_OK;
}

static int sim_vfs_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)sim_handle(file)->file->cache.size;
	return SQLITE_OK;
}

static int sim_vfs_lock(sqlite3_file *file, int level)
{
	(void)file, (void)level;
	return SQLITE_OK;
}

static int sim_vfs_reserved(sqlite3_file *file, int *out)
{
	(void)file;
	*out = 0;
	return SQLITE_OK;
}

static int sim_vfs_control(sqlite3_file *file, int what, void *arg)
{
	(void)file, (void)what, (void)arg;
	return SQLITE_NOTFOUND;
}

static int sim_vfs_sector(sqlite3_file *file)
{
	(void)file;
	return SIM_DISK_SECTOR;
}

static int sim_vfs_traits(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite's own unix file system says of every disk */
}

static int sim_vfs_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
	struct sim_handle *h = sim_handle(file);
	*out = NULL;
	if (region >= 8 || size != SIM_DISK_REGION)
		return SQLITE_IOERR_SHMMAP;
	if (!h->regions[region] && extend && !(h->regions[region] = calloc(1, SIM_DISK_REGION)))
		abort();
	*out = h->regions[region];
	return SQLITE_OK;
}

static int sim_vfs_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	(void)file, (void)offset, (void)n, (void)flags;
	return SQLITE_OK;
}

static void sim_vfs_shm_barrier(sqlite3_file *file)
{
	(void)file;
}

static int sim_vfs_shm_unmap(sqlite3_file *file, int delete_it)
{
	struct sim_handle *h = sim_handle(file);
	(void)delete_it;
	for (int i = 0; i < 8; i++) {
		free(h->regions[i]);
		h->regions[i] = NULL;
	}
	return SQLITE_OK;
}

static int sim_vfs_close(sqlite3_file *file)
{
	return sim_vfs_shm_unmap(file, 0);
}

static struct sim_disk *sim_vfs_disk(const char *name)
{
	for (int i = 0; i < 2; i++)
		if (name && strncmp(name, sim_disks[i].folder, strlen(sim_disks[i].folder)) == 0)
			return &sim_disks[i];
	return NULL;
}

static struct sim_file *sim_vfs_find(struct sim_disk *d, const char *name)
{
	for (int i = 0; d && i < SIM_DISK_FILES; i++)
		if (d->files[i].there && strcmp(d->files[i].name, name) == 0)
			return &d->files[i];
	return NULL;
}

static int sim_vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
	static const struct sqlite3_io_methods methods = {
	        .iVersion = 2,
	        .xClose = sim_vfs_close,
	        .xRead = sim_vfs_read,
	        .xWrite = sim_vfs_write,
	        .xTruncate = sim_vfs_truncate,
	        .xSync = sim_vfs_sync,
	        .xFileSize = sim_vfs_file_size,
	        .xLock = sim_vfs_lock,
	        .xUnlock = sim_vfs_lock,
	        .xCheckReservedLock = sim_vfs_reserved,
	        .xFileControl = sim_vfs_control,
	        .xSectorSize = sim_vfs_sector,
	        .xDeviceCharacteristics = sim_vfs_traits,
	        .xShmMap = sim_vfs_shm_map,
	        .xShmLock = sim_vfs_shm_lock,
	        .xShmBarrier = sim_vfs_shm_barrier,
	        .xShmUnmap = sim_vfs_shm_unmap,
	};
	struct sim_handle *h = sim_handle(file);
	struct sim_disk *d = sim_vfs_disk(name);
	struct sim_file *f = sim_vfs_find(d, name);
	(void)vfs;
	memset(h, 0, sizeof(*h));
	if (!d || d->dead)
		return SQLITE_CANTOPEN;
	for (int i = 0; !f && i < SIM_DISK_FILES; i++) {
		if (d->files[i].there)
			continue;
		f = &d->files[i];
		snprintf(f->name, sizeof(f->name), "%s", name);
		f->there = true;
		f->cache.size = f->platter.size = f->written.size = f->write_count = 0;
	}
	if (!f)
		abort(); /* more files than a database has */
	h->base.pMethods = &methods;
	h->disk = d;
	h->file = f;
	h->life = d->life;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int sim_vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct sim_disk *d = sim_vfs_disk(name);
	struct sim_file *f = sim_vfs_find(d, name);
	(void)vfs, (void)sync;
	if (!f)
		return SQLITE_IOERR_DELETE_NOENT;
	if (sim_disk_operation(d, false) != SQLITE_OK)
		return SQLITE_IOERR_DELETE;
	f->there = false;
	return SQLITE_OK;
}

static int sim_vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs, (void)flags;
	*out = sim_vfs_find(sim_vfs_disk(name), name) != NULL;
	return SQLITE_OK;
}

static int sim_vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	snprintf(out, (size_t)size, "%s", name);
	return SQLITE_OK;
}

static int sim_vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	for (int i = 0; i < n; i++)
		out[i] = (char)((sim_disk_salt = sim_disk_salt * 6364136223846793005u + 1442695040888963407u) >> 56);
	return n;
}

static int sim_vfs_sleep(sqlite3_vfs *vfs, int usec)
{
	(void)vfs;
	return usec;
}

static int sim_vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	*out = 210866760000000 + sim_disk_wall; /* from noon of Julian day 0 to 1970 */
	return SQLITE_OK;
}

static int sim_vfs_error(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs, (void)n, (void)out;
	return 0;
}

static void sim_disk_install(const char *first, const char *second)
{
	static sqlite3_vfs vfs = {
	        .iVersion = 2,
	        .szOsFile = sizeof(struct sim_handle),
	        .mxPathname = SIM_DISK_NAME,
	        .zName = "sim",
	        .xOpen = sim_vfs_open,
	        .xDelete = sim_vfs_delete,
	        .xAccess = sim_vfs_access,
	        .xFullPathname = sim_vfs_full_path,
	        .xRandomness = sim_vfs_randomness,
	        .xSleep = sim_vfs_sleep,
	        .xGetLastError = sim_vfs_error,
	        .xCurrentTimeInt64 = sim_vfs_time,
	};
	sim_disks[0].folder = first;
	sim_disks[1].folder = second;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

#endif
