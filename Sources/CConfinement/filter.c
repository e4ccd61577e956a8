#include "CConfinement.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// Both architectures are little-endian: the lower half of an argument comes first.
#define LOWER(number) offsetof(struct seccomp_data, args[number])
#define UPPER(number) (LOWER(number) + 4)

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define PERMIT BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
// Skips so many statements where the loaded value equals, does not equal, or shares no bit with another.
#define SKIP_IF(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0)
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define SKIP_WITHOUT(bits, count) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, count)

#define ALLOW(name) SKIP_UNLESS(SYS_##name, 1), PERMIT
/// Memory, but none that can be executed: `protection` is the third argument.
#define ALLOW_DATA(name) SKIP_UNLESS(SYS_##name, 4), LOAD(LOWER(2)), SKIP_WITHOUT(PROT_EXEC, 1), REFUSE, PERMIT
/// The thread group in the first argument is this one.
#define ALLOW_OWN_GROUP(name, group) SKIP_UNLESS(SYS_##name, 4), LOAD(LOWER(0)), SKIP_IF(group, 1), REFUSE, PERMIT
/// The process in the first argument is this one, and there are no new limits in the third.
#define ALLOW_OWN_LIMITS_READ(name)                                                                                    \
    SKIP_UNLESS(SYS_##name, 8), LOAD(LOWER(0)), SKIP_UNLESS(0, 5), LOAD(LOWER(2)), SKIP_UNLESS(0, 3), LOAD(UPPER(2)),  \
        SKIP_UNLESS(0, 1), PERMIT, REFUSE

int filter_calls(void) {
#if defined(ARCHITECTURE)
    const uint32_t group = (uint32_t)getpid();
    struct sock_filter rules[] = {
        LOAD(offsetof(struct seccomp_data, arch)), SKIP_IF(ARCHITECTURE, 1), REFUSE,
        // Calls of the x32 ABI have a bit of their own in this number, so that none of them is in the list.
        LOAD(offsetof(struct seccomp_data, nr)),
        ALLOW(recvfrom), ALLOW(sendto), ALLOW(ppoll),
#if defined(SYS_poll)
        ALLOW(poll),
#endif
        ALLOW_DATA(mmap), ALLOW_DATA(mprotect), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(brk), ALLOW(futex),
        ALLOW(clock_gettime), ALLOW(gettimeofday), ALLOW(getrandom), ALLOW(getrusage), ALLOW(sched_yield),
        // No sched_getaffinity: who cannot learn how many processors there are starts no threads for them.
        ALLOW(getpid), ALLOW(gettid), ALLOW_OWN_GROUP(tgkill, group),
        ALLOW_OWN_LIMITS_READ(prlimit64), ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn),
        ALLOW(restart_syscall), ALLOW(exit), ALLOW(exit_group),
        REFUSE,
    };
    const struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    // Above 0 it is a thread that could not be brought under the filter.
    return result == 0 ? 0 : result < 0 ? errno : ESRCH;
#else
    return ENOSYS;
#endif
}
