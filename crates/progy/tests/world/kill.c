/*
 * Preloaded into a program: ends it at one of the calls by which it changes something in a folder `.git`.
 *
 * PROGY_KILL_AT   the number of that call, from 1; 0 or nothing lets the program live
 * PROGY_KILL_LOG  a file that each such call is noted in, one a line
 *
 * A call that would make, remove or rename something is not made; of a write, the first half is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static long met;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

static int in_git(const char *path)
{
    size_t length = strlen(path);
    return strstr(path, "/.git/") || !strncmp(path, ".git/", 5) || !strcmp(path, ".git") ||
           (length >= 5 && !strcmp(path + length - 5, "/.git"));
}

static const char *path_of(int descriptor, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

/* The whole name of what is called `path` as seen from a folder. */
static const char *whole(int folder, const char *path, char out[2 * PATH_MAX])
{
    char above[PATH_MAX] = "";
    if (path[0] == '/' || folder == AT_FDCWD)
        return path;
    snprintf(out, 2 * PATH_MAX, "%s/%s", path_of(folder, above), path);
    return out;
}

/* Counts a call. Whether it is the one. */
static int is_the_one(const char *call, const char *path)
{
    if (!in_git(path))
        return 0;
    int before = errno;
    const char *at = getenv("PROGY_KILL_AT"), *log = getenv("PROGY_KILL_LOG");
    pthread_mutex_lock(&turn);
    long number = ++met;
    pthread_mutex_unlock(&turn);
    if (log) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%s %s\n", call, path);
        int file = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (file >= 0 && REAL(write)(file, line, length) < 0)
            abort();
        close(file);
    }
    errno = before;
    return at && number == atol(at);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void meet(const char *call, int folder, const char *path)
{
    char name[2 * PATH_MAX];
    if (is_the_one(call, whole(folder, path, name)))
        die();
}

#define OPENS(name)                                            \
    int name(const char *path, int flags, ...)                 \
    {                                                          \
        mode_t mode = 0;                                       \
        if (flags & (O_CREAT | O_TMPFILE)) {                   \
            va_list rest;                                      \
            va_start(rest, flags);                             \
            mode = va_arg(rest, mode_t);                       \
            va_end(rest);                                      \
        }                                                      \
        if (flags & (O_CREAT | O_TRUNC))                       \
            meet("open", AT_FDCWD, path);                      \
        return REAL(name)(path, flags, mode);                  \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                         \
    int name(int folder, const char *path, int flags, ...)     \
    {                                                          \
        mode_t mode = 0;                                       \
        if (flags & (O_CREAT | O_TMPFILE)) {                   \
            va_list rest;                                      \
            va_start(rest, flags);                             \
            mode = va_arg(rest, mode_t);                       \
            va_end(rest);                                      \
        }                                                      \
        if (flags & (O_CREAT | O_TRUNC))                       \
            meet("open", folder, path);                        \
        return REAL(name)(folder, path, flags, mode);          \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

int creat(const char *path, mode_t mode) { meet("open", AT_FDCWD, path); return REAL(creat)(path, mode); }
int creat64(const char *path, mode_t mode) { meet("open", AT_FDCWD, path); return REAL(creat64)(path, mode); }
int mkdir(const char *path, mode_t mode) { meet("mkdir", AT_FDCWD, path); return REAL(mkdir)(path, mode); }
int mkdirat(int f, const char *path, mode_t mode) { meet("mkdir", f, path); return REAL(mkdirat)(f, path, mode); }
int rmdir(const char *path) { meet("rmdir", AT_FDCWD, path); return REAL(rmdir)(path); }
int unlink(const char *path) { meet("unlink", AT_FDCWD, path); return REAL(unlink)(path); }
int unlinkat(int f, const char *path, int flags) { meet("unlink", f, path); return REAL(unlinkat)(f, path, flags); }
int symlink(const char *to, const char *path) { meet("symlink", AT_FDCWD, path); return REAL(symlink)(to, path); }
int chmod(const char *path, mode_t mode) { meet("chmod", AT_FDCWD, path); return REAL(chmod)(path, mode); }
int truncate(const char *path, off_t size) { meet("truncate", AT_FDCWD, path); return REAL(truncate)(path, size); }

int rename(const char *from, const char *to)
{
    meet("rename", AT_FDCWD, to);
    return REAL(rename)(from, to);
}

int renameat(int a, const char *from, int b, const char *to)
{
    meet("rename", b, to);
    return REAL(renameat)(a, from, b, to);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    meet("rename", b, to);
    return REAL(renameat2)(a, from, b, to, flags);
}

int link(const char *from, const char *to)
{
    meet("link", AT_FDCWD, to);
    return REAL(link)(from, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
    meet("link", b, to);
    return REAL(linkat)(a, from, b, to, flags);
}

ssize_t write(int file, const void *bytes, size_t length)
{
    char path[PATH_MAX];
    if (is_the_one("write", path_of(file, path))) {
        if (REAL(write)(file, bytes, length / 2) < 0)
            abort();
        die();
    }
    return REAL(write)(file, bytes, length);
}

#define WRITES_AT(name, offset_t)                                              \
    ssize_t name(int file, const void *bytes, size_t length, offset_t at)      \
    {                                                                          \
        char path[PATH_MAX];                                                   \
        if (is_the_one("write", path_of(file, path))) {                        \
            if (REAL(name)(file, bytes, length / 2, at) < 0)                   \
                abort();                                                       \
            die();                                                             \
        }                                                                      \
        return REAL(name)(file, bytes, length, at);                            \
    }
WRITES_AT(pwrite, off_t)
WRITES_AT(pwrite64, off64_t)

#define OF_A_FILE(name, parameters, arguments)                                 \
    int name parameters                                                        \
    {                                                                          \
        char path[PATH_MAX];                                                   \
        if (is_the_one(#name, path_of(file, path)))                            \
            die();                                                             \
        return REAL(name) arguments;                                           \
    }
OF_A_FILE(fsync, (int file), (file))
OF_A_FILE(fdatasync, (int file), (file))
OF_A_FILE(ftruncate, (int file, off_t size), (file, size))
OF_A_FILE(ftruncate64, (int file, off64_t size), (file, size))
