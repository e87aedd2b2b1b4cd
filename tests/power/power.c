/* A disk that forgets: what was written to files of one folder and not synced may be lost or torn.

   Preloaded into a process (LD_PRELOAD). Nothing is watched until power_watch names a folder.
   Every write is passed on, so the process itself sees an honest disk; power_image then writes
   what a disk would hold if the power failed now: each write since the last fsync of its file is
   there, is not, or only some of its sectors are, as the seed decides. A file whose folder was not
   synced since it was created may be missing, one that was unlinked may be back. power_arm lets
   the lights go out at the nth write from now: from then on nothing reaches the disk (EIO), or the
   disk is full (ENOSPC) until power_on. Shared memory (-shm) is no file of the disk. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define SECTOR 512
#define FDS 4096
#define OUT __attribute__((visibility("default")))

/* Bytes at a place, before and after; `was` and `is` are the sizes of the file around it. */
typedef struct Write {
    struct Write *next;
    off_t at, was, is;
    size_t length, kept;
    unsigned char *old, *new;
} Write;

typedef struct File {
    struct File *next;
    char path[PATH_MAX];
    Write *first, *last;
    int fresh;           /* created, and its folder not synced since */
    int gone;            /* unlinked, and its folder not synced since */
    unsigned char *body; /* what an unlinked file held */
    off_t size;
} File;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watched[PATH_MAX], armed[PATH_MAX];
static long left = -1;
static int fault, dark;
static unsigned long losses;
static File *files;
static File *of[FDS];
static char *folder_of[FDS];

#define REAL(name, type)                                                                           \
    static type real;                                                                              \
    if (!real) real = (type)dlsym(RTLD_NEXT, #name)

typedef ssize_t (*PwriteType)(int, const void *, size_t, off_t);

static ssize_t really_pwrite(int fd, const void *data, size_t length, off_t at) {
    REAL(pwrite64, PwriteType);
    return real(fd, data, length, at);
}

static int really_open(const char *path, int flags, mode_t mode) {
    typedef int (*Type)(const char *, int, ...);
    REAL(open64, Type);
    return real(path, flags, mode);
}

static int under(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return length && !strncmp(path, folder, length) && path[length] == '/';
}

static int is_watched(const char *path) {
    size_t length = strlen(path);
    return under(path, watched) && !(length > 4 && !strcmp(path + length - 4, "-shm"));
}

static File *file_at(const char *path, int gone) {
    for (File *f = files; f; f = f->next)
        if (f->gone == gone && !strcmp(f->path, path)) return f;
    return NULL;
}

static File *make(const char *path) {
    File *f = calloc(1, sizeof *f);
    strncpy(f->path, path, sizeof f->path - 1);
    f->next = files;
    return files = f;
}

static void settle(File *f) {
    for (Write *w = f->first, *next; w; w = next) {
        next = w->next;
        free(w->old);
        free(w->new);
        free(w);
    }
    f->first = f->last = NULL;
}

static void forget(File *f) {
    File **at = &files;
    while (*at && *at != f) at = &(*at)->next;
    if (*at) *at = f->next;
    for (int fd = 0; fd < FDS; fd++)
        if (of[fd] == f) of[fd] = NULL;
    settle(f);
    free(f->body);
    free(f);
}

/* Tell whether this write fails because the lights went out; counts down to it. */
static int fails(const char *path, int grows) {
    if (left < 0 || !under(path, armed) || (fault == ENOSPC && !grows)) return 0;
    if (left > 0) {
        left--;
        return 0;
    }
    dark = 1;
    errno = fault;
    return 1;
}

static off_t size_of(int fd) {
    struct stat st;
    return fstat(fd, &st) ? 0 : st.st_size;
}

/* Note the bytes that lie at a place now and those that shall lie there. */
static Write *note(File *f, int fd, const void *data, size_t length, off_t at, off_t is) {
    Write *w = calloc(1, sizeof *w);
    w->at = at;
    w->was = size_of(fd);
    w->is = is;
    w->length = length;
    if (at < w->was) {
        size_t there = (size_t)(w->was - at);
        if (is >= w->was && there > length) there = length;
        int reader = really_open(f->path, O_RDONLY | O_CLOEXEC, 0);
        w->old = malloc(there ? there : 1);
        ssize_t got = reader < 0 ? 0 : pread(reader, w->old, there, at);
        w->kept = got > 0 ? (size_t)got : 0;
        if (reader >= 0) close(reader);
    }
    if (length) {
        w->new = malloc(length);
        memcpy(w->new, data, length);
    }
    if (f->last) f->last->next = w; else f->first = w;
    return f->last = w;
}

static int opened(int fd, const char *path, int flags, int existed) {
    char full[PATH_MAX], folder[PATH_MAX];
    if (fd < 0 || fd >= FDS || !watched[0]) return fd;
    strncpy(folder, path, sizeof folder - 1);
    folder[sizeof folder - 1] = 0;
    char *slash = strrchr(folder, '/');
    if (!slash) return fd;
    *slash = 0;
    /* Opened without O_NOFOLLOW a folder is a path as it was given; the watched one is real. */
    if (!realpath(slash == folder ? "/" : folder, full)) return fd;
    if (strlen(full) + strlen(slash + 1) + 2 > sizeof full) return fd;
    strcat(full, "/");
    strcat(full, slash + 1);
    pthread_mutex_lock(&lock);
    if (flags & O_DIRECTORY || (!strcmp(full, watched)) || is_watched(full)) {
        struct stat st;
        if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
            folder_of[fd] = strdup(full);
        } else if (is_watched(full)) {
            File *f = file_at(full, 0);
            if (!f) {
                f = make(full);
                f->fresh = !existed;
            }
            of[fd] = f;
        }
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static int opening(const char *path, int flags, mode_t mode) {
    struct stat st;
    if (!watched[0]) return really_open(path, flags, mode);
    int existed = !stat(path, &st);
    if (!existed && (flags & O_CREAT) && is_watched(path) && fails(path, 1)) return -1;
    int truncates = existed && (flags & O_TRUNC) && is_watched(path);
    int fd = opened(really_open(path, truncates ? flags & ~O_TRUNC : flags, mode), path, flags,
                    existed);
    if (fd >= 0 && truncates && ftruncate(fd, 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

OUT int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;
    va_end(rest);
    return opening(path, flags, mode);
}

OUT int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;
    va_end(rest);
    return opening(path, flags, mode);
}

OUT int close(int fd) {
    typedef int (*Type)(int);
    REAL(close, Type);
    if (fd >= 0 && fd < FDS && (of[fd] || folder_of[fd])) {
        pthread_mutex_lock(&lock);
        of[fd] = NULL;
        free(folder_of[fd]);
        folder_of[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return real(fd);
}

static ssize_t writing(int fd, const void *data, size_t length, off_t at) {
    pthread_mutex_lock(&lock);
    ssize_t done = -1;
    if (!fails(of[fd]->path, 1)) {
        off_t was = size_of(fd), end = at + (off_t)length;
        note(of[fd], fd, data, length, at, end > was ? end : was);
        done = really_pwrite(fd, data, length, at);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

OUT ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) {
    if (fd < 0 || fd >= FDS || !of[fd]) return really_pwrite(fd, data, length, at);
    return writing(fd, data, length, at);
}

OUT ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
    return pwrite64(fd, data, length, at);
}

OUT ssize_t write(int fd, const void *data, size_t length) {
    typedef ssize_t (*Type)(int, const void *, size_t);
    REAL(write, Type);
    if (fd < 0 || fd >= FDS || !of[fd]) return real(fd, data, length);
    int appends = fcntl(fd, F_GETFL) & O_APPEND;
    off_t at = appends ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
    ssize_t done = writing(fd, data, length, at);
    if (done > 0) lseek(fd, at + done, SEEK_SET);
    return done;
}

OUT int ftruncate64(int fd, off_t size) {
    typedef int (*Type)(int, off_t);
    REAL(ftruncate64, Type);
    if (fd < 0 || fd >= FDS || !of[fd]) return real(fd, size);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails(of[fd]->path, size > size_of(fd))) {
        note(of[fd], fd, NULL, 0, size, size);
        done = real(fd, size);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

OUT int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static void folder_synced(const char *folder) {
    for (File *f = files, *next; f; f = next) {
        next = f->next;
        const char *slash = strrchr(f->path, '/');
        if ((size_t)(slash - f->path) != strlen(folder) || !under(f->path, folder)) continue;
        f->fresh = 0;
        if (f->gone) forget(f);
    }
}

/* Keep what was written so far; answers -1 when the lights are out. */
static int syncing(int fd) {
    int done = 0;
    pthread_mutex_lock(&lock);
    if (folder_of[fd]) {
        folder_synced(folder_of[fd]);
    } else if (dark && fault != ENOSPC && under(of[fd]->path, armed)) {
        errno = fault;
        done = -1;
    } else {
        settle(of[fd]);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

OUT int fsync(int fd) {
    typedef int (*Type)(int);
    REAL(fsync, Type);
    if (fd < 0 || fd >= FDS || !(of[fd] || folder_of[fd])) return real(fd);
    return syncing(fd);
}

OUT int fdatasync(int fd) {
    typedef int (*Type)(int);
    REAL(fdatasync, Type);
    if (fd < 0 || fd >= FDS || !(of[fd] || folder_of[fd])) return real(fd);
    return syncing(fd);
}

OUT int unlink(const char *path) {
    typedef int (*Type)(const char *);
    REAL(unlink, Type);
    struct stat st;
    if (!watched[0] || !is_watched(path) || stat(path, &st)) return real(path);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails(path, 0)) {
        File *f = file_at(path, 0);
        int fd = really_open(path, O_RDONLY | O_CLOEXEC, 0);
        if (fd >= 0 && !(f && f->fresh)) {
            if (!f) f = make(path);
            f->size = size_of(fd);
            f->body = malloc((size_t)f->size + 1);
            if (pread(fd, f->body, (size_t)f->size, 0) == f->size) {
                f->gone = 1;
                settle(f);
                for (int other = 0; other < FDS; other++)
                    if (of[other] == f) of[other] = NULL;
            }
        } else if (f) {
            forget(f);
        }
        if (fd >= 0) close(fd);
        done = real(path);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

OUT int rename(const char *from, const char *to) {
    typedef int (*Type)(const char *, const char *);
    REAL(rename, Type);
    if (!watched[0] || !is_watched(to)) return real(from, to);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails(to, 0)) {
        done = real(from, to);
        File *moved = done ? NULL : file_at(from, 0), *covered = done ? NULL : file_at(to, 0);
        if (covered) forget(covered);
        if (moved) strncpy(moved->path, to, sizeof moved->path - 1);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

/* Watch a folder (its real path), or nothing; what was known is forgotten. */
OUT void power_watch(const char *folder) {
    pthread_mutex_lock(&lock);
    while (files) forget(files);
    strncpy(watched, folder, sizeof watched - 1);
    left = -1;
    dark = 0;
    pthread_mutex_unlock(&lock);
}

/* Let every write below a folder fail from the nth from now on, with this error. */
OUT void power_arm(const char *folder, long nth, int error) {
    pthread_mutex_lock(&lock);
    strncpy(armed, folder, sizeof armed - 1);
    left = nth;
    fault = error;
    dark = 0;
    pthread_mutex_unlock(&lock);
}

/* Take what lies below a folder now for what its disk holds. */
OUT void power_settle(const char *folder) {
    pthread_mutex_lock(&lock);
    for (File *f = files, *next; f; f = next) {
        next = f->next;
        if (!under(f->path, folder)) continue;
        f->fresh = 0;
        settle(f);
        if (f->gone) forget(f);
    }
    pthread_mutex_unlock(&lock);
}

/* Tell whether the armed fault has struck. */
OUT int power_out(void) { return dark; }

/* Tell how many writes the images have left out or torn so far. */
OUT unsigned long power_losses(void) { return losses; }

/* Let writes reach the disk again. */
OUT void power_on(void) {
    left = -1;
    dark = 0;
}

static uint64_t dice;

static uint64_t roll(void) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice;
}

/* Put one write on the platter: whole, not at all, or some of its sectors. */
static void survive(int fd, const Write *w) {
    unsigned kind = (unsigned)(roll() % 4);
    if (kind < 2) {
        if (w->length) really_pwrite(fd, w->new, w->length, w->at);
        else if (ftruncate(fd, w->is)) return;
        return;
    }
    losses++;
    if (kind == 2 || !w->length) return;
    for (size_t from = 0; from < w->length; from += SECTOR) {
        size_t part = w->length - from < SECTOR ? w->length - from : SECTOR;
        if (roll() & 1) really_pwrite(fd, w->new + from, part, w->at + (off_t)from);
    }
}

static void undo(int fd, const Write *w) {
    if (w->kept) really_pwrite(fd, w->old, w->kept, w->at);
    if (ftruncate(fd, w->was)) return;
}

/* Turn a copy of a file (its bytes as the process sees them) into what the disk would hold.
   Answers 1 when the file would not be there at all, and 2 when an unlinked one is back. */
OUT int power_image(const char *path, const char *copy, uint64_t seed) {
    int answer = 0;
    dice = seed | 1;
    for (int i = 0; i < 8; i++) roll();
    pthread_mutex_lock(&lock);
    File *f = file_at(path, 0), *gone = file_at(path, 1);
    if (gone && (!f || f->fresh)) {
        if (roll() & 1) {
            int fd = really_open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            if (fd >= 0) {
                really_pwrite(fd, gone->body, (size_t)gone->size, 0);
                close(fd);
            }
            losses++;
            answer = 2;
        } else if (!f) {
            answer = 1;
        }
    }
    if (f && answer == 0) {
        if (f->fresh && roll() & 1) {
            losses++;
            answer = 1;
        } else if (f->first) {
            int fd = really_open(copy, O_RDWR | O_CLOEXEC, 0);
            size_t count = 0, at = 0;
            for (Write *w = f->first; w; w = w->next) count++;
            Write **all = malloc(count * sizeof *all);
            for (Write *w = f->first; w; w = w->next) all[at++] = w;
            while (at) undo(fd, all[--at]);
            for (; at < count; at++) survive(fd, all[at]);
            free(all);
            close(fd);
        }
    }
    pthread_mutex_unlock(&lock);
    return answer;
}
