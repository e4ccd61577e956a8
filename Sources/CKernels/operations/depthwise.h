/* Depthwise convolution, channels last. */

INLINE void depthwise_pixel(const struct sensorium_depthwise *job, ptrdiff_t y, ptrdiff_t x, ptrdiff_t channel,
                            ptrdiff_t lanes) {
  const int kernel = job->kernel;
  vec sum = lanes == LANES ? load(job->bias + channel) : load_some(job->bias + channel, lanes);
  for (int ky = 0; ky < kernel; ky++) {
    ptrdiff_t row = y * job->stride + ky - job->top;
    if (row < 0 || row >= job->height) continue;
    const ptrdiff_t stored = job->input_rows ? row % job->input_rows : row;
    for (int kx = 0; kx < kernel; kx++) {
      ptrdiff_t column = x * job->stride + kx - job->left;
      if (column < 0 || column >= job->width) continue;
      const float *value = job->input + stored * job->input_row_stride + column * job->input_pixel_stride + channel;
      const float *weight = job->weight + (ky * kernel + kx) * job->weight_stride + channel;
      if (lanes == LANES) sum = multiply_add(load(value), load(weight), sum);
      else sum = multiply_add(load_some(value, lanes), load_some(weight, lanes), sum);
    }
  }
  float *output = job->output + y * job->output_row_stride + x * job->output_pixel_stride + channel;
  sum = clipped(sum, job->activation);
  if (lanes == LANES) store(output, sum);
  else store_some(output, sum, lanes);
}

static void depthwise(const struct sensorium_depthwise *job, ptrdiff_t first_row, ptrdiff_t rows,
                      ptrdiff_t first_channel, ptrdiff_t channels) {
  const ptrdiff_t end = first_channel + channels;
  for (ptrdiff_t y = first_row; y < first_row + rows; y++)
    for (ptrdiff_t channel = first_channel; channel < end; channel += LANES)
      for (ptrdiff_t x = 0; x < job->output_width; x++)
        depthwise_pixel(job, y, x, channel, end - channel < LANES ? end - channel : LANES);
}
