/* Makes one call of the C library fail: preloaded by tests/failures.
 *
 * KEYHOOK_FAIL is "program:class:how:count:times": in the program of that name the count-th call of
 * the class fails ("once"), or that and all behind it ("ever"). How is the name of an error, or "short" (half of what was asked for) or "end" (as if
 * the file ended here). When it happens, the file named by KEYHOOK_FAIL_SEEN is made, so that a
 * caller can count up until nothing fails any more.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum how { PASSES, FAILS, IS_SHORT, ENDS };

static char wanted[16];
static int error_number, is_on, is_lasting;
static long left;
static enum how how_it_fails = FAILS;

static int number_of(const char *name) {
    static const struct { const char *name; int number; } errors[] = {
        {"EIO", EIO}, {"EACCES", EACCES}, {"ENOENT", ENOENT}, {"EINTR", EINTR}, {"EMFILE", EMFILE},
        {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"EAGAIN", EAGAIN}, {"EROFS", EROFS},
        {"EPERM", EPERM}, {"ESTALE", ESTALE}, {"EXDEV", EXDEV}, {"ENODEV", ENODEV},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(name, errors[i].name) == 0) return errors[i].number;
    return EIO;
}

__attribute__((constructor)) static void start(void) {
    const char *plan = getenv("KEYHOOK_FAIL");
    char program[32], how[16], times[8];
    if (!plan || sscanf(plan, "%31[^:]:%15[^:]:%15[^:]:%ld:%7s", program, wanted, how, &left,
                        times) != 5)
        return;
    if (strcmp(program, program_invocation_short_name) != 0) return;
    if (strcmp(how, "short") == 0) how_it_fails = IS_SHORT;
    else if (strcmp(how, "end") == 0) how_it_fails = ENDS;
    else error_number = number_of(how);
    is_lasting = strcmp(times, "ever") == 0;
    is_on = 1;
}

/* Says whether this call is the one. Nothing in here may be a call that is counted. */
static enum how now(const char *class) {
    if (!is_on || strcmp(class, wanted) != 0) return PASSES;
    long number = left--;
    if (is_lasting ? number > 0 : number != 0) return PASSES;
    const char *seen = getenv("KEYHOOK_FAIL_SEEN");
    if (seen) {
        long file = syscall(SYS_openat, AT_FDCWD, seen, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        if (file >= 0) syscall(SYS_close, file);
    }
    errno = error_number;
    return how_it_fails;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP(class, failure, type, name, parameters, arguments) \
    type name parameters {                                      \
        static __typeof__(&name) next;                          \
        if (!next) next = NEXT(name);                           \
        if (now(class) != PASSES) return failure;               \
        return next arguments;                                  \
    }

/* Reading can also stop early. */
#define WRAP_READ(name, parameters, arguments, fewer)           \
    ssize_t name parameters {                                   \
        static __typeof__(&name) next;                          \
        if (!next) next = NEXT(name);                           \
        switch (now("read")) {                                  \
        case FAILS: return -1;                                  \
        case ENDS: return 0;                                    \
        case IS_SHORT: return next fewer;                       \
        default: return next arguments;                         \
        }                                                       \
    }

#define HALF(count) ((count) > 1 ? (count) / 2 : (count))

WRAP_READ(read, (int file, void *to, size_t count), (file, to, count), (file, to, HALF(count)))
WRAP_READ(pread, (int file, void *to, size_t count, off_t at), (file, to, count, at),
          (file, to, HALF(count), at))
WRAP_READ(pread64, (int file, void *to, size_t count, off64_t at), (file, to, count, at),
          (file, to, HALF(count), at))

ssize_t write(int file, const void *from, size_t count) {
    static __typeof__(&write) next;
    if (!next) next = NEXT(write);
    switch (now("write")) {
    case FAILS: return -1;
    case ENDS: return 0;
    case IS_SHORT: return next(file, from, HALF(count));
    default: return next(file, from, count);
    }
}

WRAP("write", -1, ssize_t, writev, (int file, const struct iovec *parts, int count),
     (file, parts, count))
WRAP("write", -1, int, fsync, (int file), (file))
WRAP("write", -1, int, fdatasync, (int file), (file))
WRAP("write", -1, int, fchmod, (int file, mode_t mode), (file, mode))
WRAP("write", -1, int, mkdir, (const char *path, mode_t mode), (path, mode))

#define MODE(flags, mode)                                       \
    mode_t mode = 0;                                            \
    if (flags & (O_CREAT | O_TMPFILE)) {                        \
        va_list rest;                                           \
        va_start(rest, flags);                                  \
        mode = va_arg(rest, mode_t);                            \
        va_end(rest);                                           \
    }

#define WRAP_OPEN(name)                                         \
    int name(const char *path, int flags, ...) {                \
        static int (*next)(const char *, int, ...);             \
        if (!next) next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        MODE(flags, mode)                                       \
        if (now("open") != PASSES) return -1;                   \
        return next(path, flags, mode);                         \
    }

#define WRAP_OPENAT(name)                                       \
    int name(int folder, const char *path, int flags, ...) {    \
        static int (*next)(int, const char *, int, ...);        \
        if (!next) next = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        MODE(flags, mode)                                       \
        if (now("open") != PASSES) return -1;                   \
        return next(folder, path, flags, mode);                 \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP("open", NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP("open", NULL, FILE *, fopen64, (const char *path, const char *mode), (path, mode))
WRAP("open", NULL, DIR *, opendir, (const char *path), (path))

WRAP("stat", -1, int, stat, (const char *path, struct stat *to), (path, to))
WRAP("stat", -1, int, stat64, (const char *path, struct stat64 *to), (path, to))
WRAP("stat", -1, int, lstat, (const char *path, struct stat *to), (path, to))
WRAP("stat", -1, int, lstat64, (const char *path, struct stat64 *to), (path, to))
WRAP("stat", -1, int, fstat, (int file, struct stat *to), (file, to))
WRAP("stat", -1, int, fstat64, (int file, struct stat64 *to), (file, to))
WRAP("stat", -1, int, fstatat, (int at, const char *path, struct stat *to, int flags),
     (at, path, to, flags))
WRAP("stat", -1, int, fstatat64, (int at, const char *path, struct stat64 *to, int flags),
     (at, path, to, flags))
WRAP("stat", -1, int, statx, (int at, const char *path, int flags, unsigned mask, struct statx *to),
     (at, path, flags, mask, to))
WRAP("stat", -1, int, access, (const char *path, int mode), (path, mode))
WRAP("stat", -1, ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size))
WRAP("stat", NULL, char *, realpath, (const char *path, char *to), (path, to))
WRAP("stat", NULL, char *, getcwd, (char *to, size_t size), (to, size))
WRAP("stat", -1, off64_t, lseek64, (int file, off64_t at, int whence), (file, at, whence))

WRAP("map", MAP_FAILED, void *, mmap,
     (void *at, size_t size, int may, int flags, int file, off_t from),
     (at, size, may, flags, file, from))
WRAP("map", MAP_FAILED, void *, mmap64,
     (void *at, size_t size, int may, int flags, int file, off64_t from),
     (at, size, may, flags, file, from))

WRAP("rename", -1, int, rename, (const char *from, const char *to), (from, to))
WRAP("rename", -1, int, renameat2,
     (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
WRAP("rename", -1, int, link, (const char *from, const char *to), (from, to))
WRAP("rename", -1, int, unlink, (const char *path), (path))

WRAP("spawn", -1, pid_t, fork, (void), ())
WRAP("spawn", -1, int, pipe, (int ends[2]), (ends))
WRAP("spawn", -1, int, pipe2, (int ends[2], int flags), (ends, flags))
WRAP("spawn", -1, pid_t, waitpid, (pid_t child, int *status, int options),
     (child, status, options))
WRAP("spawn", error_number, int, posix_spawn,
     (pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment),
     (child, path, actions, attributes, arguments, environment))
WRAP("spawn", error_number, int, posix_spawnp,
     (pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment),
     (child, path, actions, attributes, arguments, environment))
WRAP("random", -1, ssize_t, getrandom, (void *to, size_t size, unsigned flags),
     (to, size, flags))

/* dlsym itself asks for memory, so these are looked up before anything is counted. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
void *malloc(size_t size) { return now("memory") == PASSES ? __libc_malloc(size) : NULL; }
void *calloc(size_t count, size_t size) {
    return now("memory") == PASSES ? __libc_calloc(count, size) : NULL;
}
void *realloc(void *old, size_t size) {
    return now("memory") == PASSES ? __libc_realloc(old, size) : NULL;
}
