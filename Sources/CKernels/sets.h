#pragma once
#include "CKernels.h"

extern const struct sensorium_kernel_set sensorium_avx512, sensorium_avx2, sensorium_portable;
