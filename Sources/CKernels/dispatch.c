#include "sets.h"

static const struct sensorium_kernel_set *const sets[] = {
#if defined(__x86_64__)
    &sensorium_avx512,
    &sensorium_avx2,
#endif
    &sensorium_portable,
};

const struct sensorium_kernel_set *sensorium_kernel_set_at(size_t index) {
  return index < sizeof sets / sizeof *sets ? sets[index] : NULL;
}

bool sensorium_kernel_set_runs(size_t index) {
  const struct sensorium_kernel_set *set = sensorium_kernel_set_at(index);
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (set == &sensorium_avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("f16c");
  if (set == &sensorium_avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#endif
  return set != NULL;
}
