#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Gives up, for good, what this process and those that are forked from it never need: privileges and the way to new ones,
/// core dumps, being traced, and, where the system permits it, every file (Landlock) and the namespaces of users, network and
/// IPC that it shares with others. The kernel ends them before others when memory is short. Must be called while the process
/// has one thread. Returns 0, or the number of the step that failed.
int isolate(bool *landlock, bool *namespaces);

/// Bounds what a process that only computes may take: no files, no threads and no processes beyond those it has, address space
/// up to `memory` bytes. Returns 0, or the number of the step that failed.
int confine(uint64_t memory);

/// Forbids, for good and for every thread of the process, every system call but those for memory that is not executable, its
/// open descriptors, clocks, its own limits (read only), signals to itself and its end; others fail with EPERM. Returns 0, or
/// an error number where the kernel or a container does not allow it.
int filter_calls(void);

/// Bounds, from outside, what a confined process may take from now on: processor time, after which SIGXCPU ends it, and address
/// space. Where the system forbids that, the wider limits that it was confined to hold.
void limit_process(pid_t process, uint64_t seconds, uint64_t memory);

/// Bytes of address space that the process has; 0 where the system does not tell.
uint64_t mapped_bytes(void);

/// Whether address space for so many bytes more may be had now.
bool can_map(uint64_t bytes);

/// Copies the calling process, which must have one thread. The copy becomes a child of its parent, not of itself. Returns 0 in
/// the copy, its process id in the caller, -1 with `errno` where there is none.
pid_t fork_for_parent(void);

/// Sends one byte and a descriptor over a Unix socket; whether it went.
bool send_descriptor(int socket, int descriptor);

/// Waits for what `send_descriptor` sends. Returns the descriptor, -1 once the other end is closed.
int receive_descriptor(int socket);
