#include "CAudioCodecs.h"

#include <soxr.h>

// The handle is libsoxr's own; the name keeps its header out of this one.
sound_resampler *sound_resampler_open(int32_t from, int32_t to) {
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_io_spec_t samples = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    soxr_error_t error = NULL;
    soxr_t resampler = soxr_create(from, to, 1, &error, &samples, &quality, &runtime);
    if (error == NULL) return (sound_resampler *)resampler;
    if (resampler != NULL) soxr_delete(resampler);
    return NULL;
}

int64_t sound_resample(
    sound_resampler *resampler, const float *input, size_t count, size_t *used, float *output, size_t capacity) {
    size_t written = 0;
    *used = 0;
    if (soxr_process((soxr_t)resampler, input, count, used, output, capacity, &written) != NULL) return -1;
    return (int64_t)written;
}

void sound_resampler_close(sound_resampler *resampler) {
    if (resampler != NULL) soxr_delete((soxr_t)resampler);
}
