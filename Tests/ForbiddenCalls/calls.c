#define _GNU_SOURCE
#include "CForbiddenCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char page[64];

static long signal_thread_of(pid_t server) { return syscall(SYS_tgkill, server, server, 0); }
static long signal_thread(pid_t server) { return syscall(SYS_tkill, server, 0); }
static long signal_process(pid_t server) { return syscall(SYS_kill, server, 0); }
static long queue_signal(pid_t server) { return syscall(SYS_rt_sigqueueinfo, server, SIGTERM, page); }

static long read_limits_of(pid_t server) {
    struct rlimit limit;
    return syscall(SYS_prlimit64, server, RLIMIT_AS, NULL, &limit);
}
static long set_limits_of(pid_t server) {
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    return syscall(SYS_prlimit64, server, RLIMIT_CORE, &limit, NULL);
}
static long set_own_limits(pid_t server) {
    (void)server;
    struct rlimit limit = {0, 0};
    return syscall(SYS_prlimit64, 0, RLIMIT_CPU, &limit, NULL);
}
static long lower_priority_of(pid_t server) { return syscall(SYS_setpriority, PRIO_PROCESS, server, 19); }
static long map_executable(pid_t server) {
    (void)server;
    return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static long make_executable(pid_t server) {
    (void)server;
    void *start = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return syscall(SYS_mprotect, start, 4096, PROT_READ | PROT_EXEC);
}
static long open_file(pid_t server) { return (void)server, syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); }
static long make_socket(pid_t server) { return (void)server, syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }
static long make_pair(pid_t server) {
    (void)server;
    int ends[2];
    return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
}
static long send_message(pid_t server) {
    (void)server;
    struct msghdr message = {0};
    return syscall(SYS_sendmsg, 0, &message, 0);
}
static long fork_process(pid_t server) {
    (void)server;
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) syscall(SYS_exit_group, 0);
    return child;
}
static long make_namespace(pid_t server) { return (void)server, syscall(SYS_unshare, CLONE_NEWUSER); }
static long execute(pid_t server) {
    (void)server;
    char *const none[] = {NULL};
    return syscall(SYS_execve, "/bin/true", none, none);
}
static long trace(pid_t server) { return syscall(SYS_ptrace, PTRACE_ATTACH, server, 0, 0); }
static long read_memory_of(pid_t server) {
    struct iovec here = {page, 8}, there = {page, 8};
    return syscall(SYS_process_vm_readv, server, &here, 1, &there, 1, 0);
}
static long write_memory_of(pid_t server) {
    struct iovec here = {page, 8}, there = {page, 8};
    return syscall(SYS_process_vm_writev, server, &here, 1, &there, 1, 0);
}
static long open_process(pid_t server) { return syscall(SYS_pidfd_open, server, 0); }
static long control_process(pid_t server) { return (void)server, syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }
static long watch_files(pid_t server) { return (void)server, syscall(SYS_inotify_init1, 0); }
static long make_memory_file(pid_t server) { return (void)server, syscall(SYS_memfd_create, "x", 0); }
static long wait_with_ring(pid_t server) { return (void)server, syscall(SYS_io_uring_setup, 1, page); }

static const struct {
    const char *name;
    long (*call)(pid_t);
} calls[] = {
    {"signal a thread of the server", signal_thread_of},
    {"signal a thread", signal_thread},
    {"signal the server", signal_process},
    {"queue a signal for the server", queue_signal},
    {"read the server's limits", read_limits_of},
    {"set the server's limits", set_limits_of},
    {"set its own limits", set_own_limits},
    {"lower the server's priority", lower_priority_of},
    {"map executable memory", map_executable},
    {"make memory executable", make_executable},
    {"open a file", open_file},
    {"make a socket", make_socket},
    {"make a pair of sockets", make_pair},
    {"send a message with descriptors", send_message},
    {"fork", fork_process},
    {"make a namespace", make_namespace},
    {"execute a program", execute},
    {"trace the server", trace},
    {"read the server's memory", read_memory_of},
    {"write the server's memory", write_memory_of},
    {"open the server as a descriptor", open_process},
    {"control itself", control_process},
    {"watch files", watch_files},
    {"make a file in memory", make_memory_file},
    {"make a ring", wait_with_ring},
};

int forbidden_count(void) { return sizeof calls / sizeof *calls; }

const char *forbidden_name(int index) { return calls[index].name; }

int forbidden_call(int index, pid_t server) {
    errno = 0;
    return calls[index].call(server) < 0 ? errno : 0;
}

int permitted_calls(void) {
    struct rlimit limit;
    if (syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), 0) != 0) return 1;
    if (syscall(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit) != 0) return 2;
    void *start = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start, 4096, PROT_READ) != 0 || munmap(start, 8192) != 0) return 3;
    return 0;
}
