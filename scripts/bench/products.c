/* Times the image tower's matrix products, each with bias and ReLU6, on one thread: our kernels and OpenBLAS.
 *
 *     clang -O2 -ISources/CKernels/include scripts/bench/products.c $(find Sources/CKernels -name '*.c') \
 *         -lopenblas -lm -o /tmp/products
 *     /tmp/products; OPENBLAS_CORETYPE=Nehalem /tmp/products
 *
 * Needs Debian's libopenblas-dev, which Sensorium itself does without. */
#include "CKernels.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHAPES = 19, RUNS = 25, SETS = 3 };

/* Pixels, inputs, outputs, and how many layers of EfficientNet-Lite2 at 260 pixels have this shape. */
static const int shapes[SHAPES][4] = {
    {16900, 32, 16, 1}, {16900, 16, 96, 1}, {4225, 96, 24, 1}, {4225, 24, 144, 3},  {4225, 144, 24, 2},
    {1089, 144, 48, 1}, {1089, 48, 288, 3}, {1089, 288, 48, 2}, {289, 288, 88, 1},  {289, 88, 528, 4},
    {289, 528, 88, 3},  {289, 528, 120, 1}, {289, 120, 720, 4}, {289, 720, 120, 3}, {81, 720, 208, 1},
    {81, 208, 1248, 5}, {81, 1248, 208, 4}, {81, 1248, 352, 1}, {81, 352, 1280, 1}};

static float *numbers(size_t count) {
  float *values = aligned_alloc(64, (count * 4 + 127) / 64 * 64);
  for (size_t i = 0; i < count; i++) values[i] = (float)(i % 7) - 3;
  return values;
}

int main(void) {
  openblas_set_num_threads(1);
  double blas = 0, ours[SETS] = {0};
  for (int s = 0; s < SHAPES; s++) {
    const int rows = shapes[s][0], inputs = shapes[s][1], outputs = shapes[s][2], panels = (outputs + 15) / 16;
    float *x = numbers((size_t)rows * inputs), *w = numbers((size_t)panels * 16 * inputs);
    float *y = numbers((size_t)rows * outputs), *bias = numbers((size_t)outputs);
    uint64_t best = UINT64_MAX;
    for (int run = 0; run < RUNS; run++) {
      const uint64_t start = sensorium_now();
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1, x, inputs, w, inputs, 0, y, outputs);
      for (int r = 0; r < rows; r++)
        for (int o = 0; o < outputs; o++) {
          const float v = y[r * outputs + o] + bias[o];
          y[r * outputs + o] = v < 0 ? 0 : v > 6 ? 6 : v;
        }
      const uint64_t time = sensorium_now() - start;
      if (time < best) best = time;
    }
    blas += (double)best * shapes[s][3] / 1e6;
    for (size_t set = 0; set < SETS && sensorium_kernel_set_at(set); set++) {
      if (!sensorium_kernel_set_runs(set)) continue;
      const struct sensorium_product job = {.input = x, .input_stride = inputs, .segments = 1, .weight = w, .bias = bias,
                                            .output = y, .output_stride = outputs, .inputs = inputs,
                                            .outputs = outputs, .activation = SENSORIUM_ACTIVATION_RELU6};
      best = UINT64_MAX;
      for (int run = 0; run < RUNS; run++) {
        const uint64_t start = sensorium_now();
        sensorium_kernel_set_at(set)->product(&job, 0, rows, 0, panels);
        const uint64_t time = sensorium_now() - start;
        if (time < best) best = time;
      }
      ours[set] += (double)best * shapes[s][3] / 1e6;
    }
    free(x), free(w), free(y), free(bias);
  }
  printf("%s, kernels for %s: %.2f ms\n", openblas_get_config(), openblas_get_corename(), blas);
  for (size_t set = 0; set < SETS && sensorium_kernel_set_at(set); set++)
    printf("%s: %.2f ms\n", sensorium_kernel_set_at(set)->name, ours[set]);
}
