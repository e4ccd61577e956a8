/* For any CPU that C compiles for: four floats a vector (SSE2, NEON). */
#include "sets.h"
#define LANES 4
#if defined(__aarch64__)
#define FUSED 1
#define MAX_ROWS 4
#else
#define FUSED 0
#define MAX_ROWS 2
#endif
#define PANELS_FOR(rows) 1
#define ATTENTION_ROWS 2
#define MAX_PIXELS 4
#include "operations/set.h"

const struct sensorium_kernel_set sensorium_portable = KERNEL_SET("portable");
