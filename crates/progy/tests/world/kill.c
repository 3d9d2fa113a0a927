/*
 * Preloaded into a program: ends it, or fills the disk, at one of the calls by which it changes something
 * in a folder.
 *
 * PROGY_KILL_IN    which folder: the calls on files whose path goes through this text
 * PROGY_KILL_SENT  with anything in it, what is sent to a server is counted as well
 * PROGY_KILL_AT    the number of the call that the program ends at, from 1; 0 or nothing lets it live
 * PROGY_FULL_FROM  the number of the call from which on nothing fits on the disk; 0 or nothing: never
 * PROGY_KILL_LOG   a file that each such call is noted in, one a line
 *
 * A call that would make, remove or rename something is not made; of a write, the first half is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
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

/* Whether a path goes through the folder that is looked at. */
static int is_in(const char *path)
{
    const char *folder = getenv("PROGY_KILL_IN");
    if (!folder || !*folder)
        return 0;
    if (!strncmp(path, "socket:", 7))
        return getenv("PROGY_KILL_SENT") != NULL;
    size_t length = strlen(folder);
    for (const char *at = path; (at = strstr(at, folder)); at++)
        if (at[length] == '/' || !at[length])
            return 1;
    return 0;
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
    if (path[0] == '/')
        return path;
    if (folder != AT_FDCWD)
        path_of(folder, above);
    else if (!getcwd(above, sizeof above))
        abort();
    snprintf(out, 2 * PATH_MAX, "%s/%s", above, path);
    return out;
}

/* What becomes of a call. */
enum fate {
    IS_MADE,
    ENDS_THE_PROGRAM,
    /* The disk is full after half of it. */
    FILLS_THE_DISK,
    /* The disk was full before. */
    DOES_NOT_FIT,
};

static long number_in(const char *name)
{
    const char *number = getenv(name);
    return number ? atol(number) : 0;
}

/* Counts a call. */
static enum fate fate_of(const char *call, const char *path)
{
    if (!is_in(path))
        return IS_MADE;
    int before = errno;
    const char *log = getenv("PROGY_KILL_LOG");
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
    long full = number_in("PROGY_FULL_FROM");
    if (number == number_in("PROGY_KILL_AT"))
        return ENDS_THE_PROGRAM;
    if (!full || number < full || !strncmp(path, "socket:", 7))
        return IS_MADE;
    return number == full ? FILLS_THE_DISK : DOES_NOT_FIT;
}

__attribute__((noreturn)) static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* A call that takes no room. */
static void meet(const char *call, int folder, const char *path)
{
    char name[2 * PATH_MAX];
    if (fate_of(call, whole(folder, path, name)) == ENDS_THE_PROGRAM)
        die();
}

/* A call that makes a name. Whether there is room for it. */
static int fits(const char *call, int folder, const char *path)
{
    char name[2 * PATH_MAX];
    enum fate fate = fate_of(call, whole(folder, path, name));
    struct stat there;
    if (fate == ENDS_THE_PROGRAM)
        die();
    int before = errno;
    if (fate == IS_MADE || !fstatat(folder, path, &there, AT_SYMLINK_NOFOLLOW)) {
        errno = before;
        return 1;
    }
    errno = ENOSPC;
    return 0;
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
            if (!fits("open", AT_FDCWD, path))                 \
                return -1;                                     \
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
            if (!fits("open", folder, path))                   \
                return -1;                                     \
        return REAL(name)(folder, path, flags, mode);          \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

#define MAKES(name, call, folder, parameters, arguments)                        \
    int name parameters { return fits(call, folder, path) ? REAL(name) arguments : -1; }
MAKES(creat, "open", AT_FDCWD, (const char *path, mode_t mode), (path, mode))
MAKES(creat64, "open", AT_FDCWD, (const char *path, mode_t mode), (path, mode))
MAKES(mkdir, "mkdir", AT_FDCWD, (const char *path, mode_t mode), (path, mode))
MAKES(mkdirat, "mkdir", f, (int f, const char *path, mode_t mode), (f, path, mode))
MAKES(symlink, "symlink", AT_FDCWD, (const char *to, const char *path), (to, path))

int rmdir(const char *path) { meet("rmdir", AT_FDCWD, path); return REAL(rmdir)(path); }
int unlink(const char *path) { meet("unlink", AT_FDCWD, path); return REAL(unlink)(path); }
int unlinkat(int f, const char *path, int flags) { meet("unlink", f, path); return REAL(unlinkat)(f, path, flags); }
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

/* A write: as `REAL(name)(…, length, …)`, of the first half only if it ends there. */
#define WRITES(name, call, parameters, all, half)                              \
    ssize_t name parameters                                                    \
    {                                                                          \
        char path[PATH_MAX];                                                   \
        switch (fate_of(call, path_of(file, path))) {                          \
        case IS_MADE:                                                          \
            break;                                                             \
        case ENDS_THE_PROGRAM:                                                 \
            /* A server may not take it just now. */                           \
            if (REAL(name) half < 0)                                           \
                die();                                                         \
            die();                                                             \
        case FILLS_THE_DISK:                                                   \
            if (length > 1)                                                    \
                return REAL(name) half;                                        \
            /* fall through */                                                 \
        case DOES_NOT_FIT:                                                     \
            errno = ENOSPC;                                                    \
            return -1;                                                         \
        }                                                                      \
        return REAL(name) all;                                                 \
    }
WRITES(write, "write", (int file, const void *bytes, size_t length), (file, bytes, length),
       (file, bytes, length / 2))
WRITES(pwrite, "write", (int file, const void *bytes, size_t length, off_t at), (file, bytes, length, at),
       (file, bytes, length / 2, at))
WRITES(pwrite64, "write", (int file, const void *bytes, size_t length, off64_t at),
       (file, bytes, length, at), (file, bytes, length / 2, at))
WRITES(send, "send", (int file, const void *bytes, size_t length, int flags),
       (file, bytes, length, flags), (file, bytes, length / 2, flags))

/* Of several pieces, the first half is that of the first one. */
ssize_t writev(int file, const struct iovec *pieces, int count)
{
    char path[PATH_MAX];
    struct iovec half = count > 0 ? *pieces : (struct iovec){0};
    half.iov_len /= 2;
    switch (fate_of("write", path_of(file, path))) {
    case IS_MADE:
        break;
    case ENDS_THE_PROGRAM:
        if (REAL(writev)(file, &half, 1) < 0)
            die();
        die();
    case FILLS_THE_DISK:
        if (half.iov_len > 0)
            return REAL(writev)(file, &half, 1);
        /* fall through */
    case DOES_NOT_FIT:
        errno = ENOSPC;
        return -1;
    }
    return REAL(writev)(file, pieces, count);
}

#define OF_A_FILE(name, parameters, arguments)                                 \
    int name parameters                                                        \
    {                                                                          \
        char path[PATH_MAX];                                                   \
        if (fate_of(#name, path_of(file, path)) == ENDS_THE_PROGRAM)           \
            die();                                                             \
        return REAL(name) arguments;                                           \
    }
OF_A_FILE(fsync, (int file), (file))
OF_A_FILE(fdatasync, (int file), (file))
OF_A_FILE(futimens, (int file, const struct timespec times[2]), (file, times))
OF_A_FILE(ftruncate, (int file, off_t size), (file, size))
OF_A_FILE(ftruncate64, (int file, off64_t size), (file, size))

/*
 * What is called past the C library: `rustix` puts files in their places by `renameat2` and flushes
 * file systems by `syncfs` with instructions of its own. The kernel is asked to stop at those two, and
 * they are met and then made here; a sixth argument, which neither has, tells that apart.
 */
#define MADE_HERE 0x70726f67
#if defined(__x86_64__)
#define REGISTER(context, number)                                              \
    ((context)->uc_mcontext.gregs[(const int[]){REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8}[number]])
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define REGISTER(context, number) ((context)->uc_mcontext.regs[number])
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#else
#error "the registers of this machine are not known here"
#endif

static void trapped(int signal, siginfo_t *info, void *given)
{
    ucontext_t *context = given;
    int before = errno;
    long a = REGISTER(context, 0), b = REGISTER(context, 1), c = REGISTER(context, 2);
    long d = REGISTER(context, 3), e = REGISTER(context, 4);
    (void)signal;
    if (info->si_syscall == SYS_renameat2) {
        meet("rename", (int)c, (const char *)d);
    } else {
        char path[PATH_MAX];
        if (fate_of("syncfs", path_of((int)a, path)) == ENDS_THE_PROGRAM)
            die();
    }
    long done = syscall(info->si_syscall, a, b, c, d, e, MADE_HERE);
    RESULT(context) = done < 0 ? -errno : done;
    errno = before;
}

__attribute__((constructor)) static void stop_at_bare_calls(void)
{
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
    struct sock_filter rules[] = {
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_syncfs, 0, 2),
        /* The lower half: both machines are little-endian. */
        LOAD(args[5]),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MADE_HERE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("kill.c cannot stop at bare calls");
        abort();
    }
}
