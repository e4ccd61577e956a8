#pragma once

#include <stdint.h>

/// Gives up, for good, what a process that only computes does not need: new privileges, files, core dumps, and every system
/// call but those for memory, its open descriptors, clocks and its end (others fail with EPERM). Address space may grow by
/// `memory` bytes beyond what is mapped now. Returns 0, or the number of the step that failed.
int confine(uint64_t memory);

/// Bounds the processor time that the process may still take; SIGXCPU ends it after that.
void confine_processor_seconds(uint64_t seconds);
