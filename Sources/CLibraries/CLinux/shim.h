// What Swift's Glibc module leaves out: readiness notification, wake-ups across threads, accepting in one call, tuning
// the allocator, closing descriptors in a child.
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// Declared by the system's headers only under _GNU_SOURCE, which a module cannot set for its importers.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int pthread_setname_np(pthread_t thread, const char *name);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
