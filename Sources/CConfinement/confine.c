#define _GNU_SOURCE
#include "CConfinement.h"

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>

static int limit(__rlimit_resource_t resource, rlim_t value) {
    struct rlimit both = {value, value};
    return setrlimit(resource, &both);
}

uint64_t mapped_bytes(void) {
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%llu", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool can_map(uint64_t bytes) {
    if (bytes == 0) return true;
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start != MAP_FAILED && munmap(start, bytes) == 0;
}

/// The kernel's choice when memory is short falls on the process before others. Raising the score needs no privilege.
static void be_first_to_go(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    // Where it cannot be written, the kernel goes by size, as it does for everybody.
    if (write(file, "1000", 4) != 4) {}
    close(file);
}

/// Nothing privileged remains, whoever started the process.
static int drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}

/// The rules of Landlock as of its sixth version (Linux 6.12). The headers of many systems are older than their kernels.
struct landlock_rules {
    uint64_t files, network, scopes;
};

/// Forbids every kind of access to files, ports and processes outside that the kernel's Landlock knows, without exception.
static bool forbid_by_landlock(void) {
    enum { create_ruleset = 444, restrict_self = 446, ask_version = 1 };
    long version = syscall(create_ruleset, NULL, 0, ask_version);
    if (version < 1) return false;
    // Rights per version: 13 at first, then to refer, to truncate and to control devices; TCP since 4, scopes since 6.
    const int rights[] = {13, 14, 15, 15, 16};
    const struct landlock_rules rules = {
        .files = (1ull << rights[version < 5 ? version - 1 : 4]) - 1,
        .network = version >= 4 ? 3 : 0,
        .scopes = version >= 6 ? 3 : 0,
    };
    int set = (int)syscall(create_ruleset, &rules, sizeof rules, 0);
    if (set < 0) return false;
    bool held = syscall(restrict_self, set, 0) == 0;
    close(set);
    return held;
}

int isolate(bool *landlock, bool *namespaces) {
    be_first_to_go();
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_FSIZE, 0) != 0) return 1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 2;
    *namespaces = unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0;
    *landlock = forbid_by_landlock();
    if (drop_capabilities() != 0) return 3;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return 4;
    return 0;
}

int confine(uint64_t memory) {
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) != 0) return 5;
    // What this process was given may be less, and cannot be raised.
    if (limit(RLIMIT_AS, memory < space.rlim_max ? memory : space.rlim_max) != 0) return 6;
    // Descriptor 0 is the only one that may be waited for, and no other can be made.
    if (limit(RLIMIT_NOFILE, 1) != 0 || limit(RLIMIT_NPROC, 0) != 0) return 7;
    return 0;
}

static void limit_softly(pid_t process, __rlimit_resource_t resource, rlim_t value) {
    struct rlimit limit;
    if (prlimit(process, resource, NULL, &limit) != 0) return;
    limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
    prlimit(process, resource, &limit, NULL);
}

void limit_process(pid_t process, uint64_t seconds, uint64_t memory) {
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(process, &clock) == 0 && clock_gettime(clock, &used) == 0) {
        limit_softly(process, RLIMIT_CPU, (rlim_t)used.tv_sec + 1 + seconds);
    }
    limit_softly(process, RLIMIT_AS, memory);
}
