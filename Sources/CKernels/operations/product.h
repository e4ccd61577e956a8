/* Matrix product with packed weights. The including file defines MAX_ROWS, the
 * rows of the largest register tile, and PANELS_FOR(rows), how many panels a tile
 * of that many rows spans. Whatever the tile, an output element is the chain
 * bias + input[0]*weight[0] + input[1]*weight[1] + … in this order. */

enum { PANEL_VECTORS = SENSORIUM_PANEL / LANES };

/* Floats of input that stay in the first two cache levels while panels pass over them. */
enum { INPUT_BLOCK = 32768 };

INLINE ptrdiff_t element_bytes(enum sensorium_element element) { return element == SENSORIUM_F32 ? 4 : 2; }

/* LANES weights at p as floats. Where the set does not take f16 none is packed. */
INLINE vec load_weight(const char *p, const enum sensorium_element element) {
#ifdef LOAD_HALF
  if (element == SENSORIUM_F16) return LOAD_HALF(p);
#endif
  return element == SENSORIUM_BF16 ? load_bf16(p) : load((const float *)p);
}

static void widen(const void *weights, enum sensorium_element element, ptrdiff_t count, float *values) {
  const char *p = weights;
  for (ptrdiff_t i = 0; i < count; i += LANES) store(values + i, load_weight(p + i * element_bytes(element), element));
}

INLINE void product_tile(const struct sensorium_product *job, ptrdiff_t row, ptrdiff_t panel, const int rows,
                         const int panels, const enum sensorium_element element, const char *ahead) {
  vec sum[MAX_ROWS][PANELS_FOR(1) * PANEL_VECTORS];
  const int vectors = panels * PANEL_VECTORS;
  const ptrdiff_t inputs = job->inputs, stride = job->input_stride;
  UNROLLED
  for (int v = 0; v < vectors; v++) {
    const ptrdiff_t at = panel * SENSORIUM_PANEL + v * LANES, left = job->outputs - at;
    vec start = splat(0);
    if (job->bias && left > 0) start = left >= LANES ? load(job->bias + at) : load_some(job->bias + at, left);
    UNROLLED
    for (int r = 0; r < rows; r++) sum[r][v] = start;
  }
  const ptrdiff_t length = inputs / job->segments;
  for (ptrdiff_t segment = 0; segment < job->segments; segment++) {
    const float *input = job->input + row * stride + segment * job->segment_stride;
    const ptrdiff_t begin = panel * SENSORIUM_PANEL * inputs + segment * length * SENSORIUM_PANEL;
    const char *weight = (const char *)job->weight + begin * element_bytes(element);
    for (ptrdiff_t i = 0; i < length; i++) {
      vec w[PANELS_FOR(1) * PANEL_VECTORS];
      UNROLLED
      for (int v = 0; v < vectors; v++) {
        ptrdiff_t at = (v / PANEL_VECTORS * inputs + i) * SENSORIUM_PANEL + v % PANEL_VECTORS * LANES;
        w[v] = load_weight(weight + at * element_bytes(element), element);
      }
      __builtin_prefetch(ahead, 0, 2);
      ahead += 64;
      UNROLLED
      for (int r = 0; r < rows; r++) {
        vec x = splat(input[r * stride + i]);
        UNROLLED
        for (int v = 0; v < vectors; v++) sum[r][v] = multiply_add(x, w[v], sum[r][v]);
      }
    }
  }

  const ptrdiff_t first = panel * SENSORIUM_PANEL;
  UNROLLED
  for (int r = 0; r < rows; r++) {
    float *output = job->output + (row + r) * job->output_stride + first;
    const float *residual = job->residual ? job->residual + (row + r) * job->residual_stride + first : 0;
    UNROLLED
    for (int v = 0; v < vectors; v++) {
      vec x = clipped(sum[r][v], job->activation);
      ptrdiff_t left = job->outputs - first - v * LANES;
      if (left >= LANES) {
        if (residual) x += load(residual + v * LANES);
        store(output + v * LANES, x);
      } else if (left > 0) {
        if (residual) x += load_some(residual + v * LANES, left);
        store_some(output + v * LANES, x, left);
      }
    }
  }
}

/* `tiles` tiles of R rows, one below the other, over `panels` panels: a power of two, at most PANELS_FOR(R). Each tile
 * fetches one of the panels that come next, so that they are near when their turn comes. */
#define TILE_CASE(R)                                                                                                   \
  case R:                                                                                                              \
    if (PANELS_FOR(R) >= 8 && panels == 8) TILES(R, PANELS_FOR(R) >= 8 ? 8 : 1)                                        \
    else if (PANELS_FOR(R) >= 4 && panels == 4) TILES(R, PANELS_FOR(R) >= 4 ? 4 : 1)                                   \
    else if (PANELS_FOR(R) >= 2 && panels == 2) TILES(R, PANELS_FOR(R) >= 2 ? 2 : 1)                                   \
    else TILES(R, 1)                                                                                                   \
    break;
#define TILES(R, P)                                                                                                    \
  for (ptrdiff_t t = 0; t < tiles; t++, row += R, next++)                                                              \
    product_tile(job, row, panel, R, P, element, weight + (next < all_panels ? next : panel) * panel_bytes);

INLINE void product_rows(const struct sensorium_product *job, ptrdiff_t row, int rows, ptrdiff_t tiles,
                         ptrdiff_t panel, int panels, ptrdiff_t next, const enum sensorium_element element) {
  const ptrdiff_t all_panels = (job->outputs + SENSORIUM_PANEL - 1) / SENSORIUM_PANEL;
  const ptrdiff_t panel_bytes = SENSORIUM_PANEL * job->inputs * element_bytes(element);
  const char *weight = job->weight;
  switch (rows) {
    TILE_CASE(1)
#if MAX_ROWS > 1
    TILE_CASE(2)
#endif
#if MAX_ROWS > 2
    TILE_CASE(3)
    TILE_CASE(4)
#endif
#if MAX_ROWS > 4
    TILE_CASE(5)
    TILE_CASE(6)
#endif
#if MAX_ROWS > 6
    TILE_CASE(7)
    TILE_CASE(8)
    TILE_CASE(9)
    TILE_CASE(10)
    TILE_CASE(11)
    TILE_CASE(12)
    TILE_CASE(13)
    TILE_CASE(14)
#endif
  }
}

/* The same for each type of weight, so that it is known where the tiles are unrolled. */
#define PRODUCT_ROWS(name, element)                                                                                    \
  static void product_rows_##name(const struct sensorium_product *job, ptrdiff_t row, int rows, ptrdiff_t tiles,       \
                                  ptrdiff_t panel, int panels, ptrdiff_t next) {                                       \
    product_rows(job, row, rows, tiles, panel, panels, next, element);                                                 \
  }
PRODUCT_ROWS(f32, SENSORIUM_F32)
PRODUCT_ROWS(f16, SENSORIUM_F16)
PRODUCT_ROWS(bf16, SENSORIUM_BF16)

static void product_tiles(const struct sensorium_product *job, ptrdiff_t row, int rows, ptrdiff_t tiles,
                          ptrdiff_t panel, int panels, ptrdiff_t next) {
  switch (job->weight_element) {
  case SENSORIUM_F32: return product_rows_f32(job, row, rows, tiles, panel, panels, next);
  case SENSORIUM_F16: return product_rows_f16(job, row, rows, tiles, panel, panels, next);
  case SENSORIUM_BF16: return product_rows_bf16(job, row, rows, tiles, panel, panels, next);
  }
}

/* An activation that is more than a bound. */
static void curve(enum sensorium_activation activation, float *values, ptrdiff_t count) {
  switch (activation) {
  case SENSORIUM_ACTIVATION_GELU: return gelu(values, count);
  case SENSORIUM_ACTIVATION_TANH_GELU: return tanh_gelu(values, count);
  case SENSORIUM_ACTIVATION_QUICK_GELU: return quick_gelu(values, count);
  case SENSORIUM_ACTIVATION_SWISH: return swish(values, count);
  case SENSORIUM_ACTIVATION_NONE:
  case SENSORIUM_ACTIVATION_RELU6:
  case SENSORIUM_ACTIVATION_RELU: return;
  }
}

/* Such an activation over a finished block, then the residual that the tiles left out. */
static void product_curve(const struct sensorium_product *job, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t first,
                          ptrdiff_t count) {
  for (ptrdiff_t r = row; r < row + rows; r++) {
    float *output = job->output + r * job->output_stride + first;
    curve(job->activation, output, count);
    if (job->residual)
      for (ptrdiff_t i = 0; i < count; i++) output[i] += job->residual[r * job->residual_stride + first + i];
  }
}

static void product(const struct sensorium_product *job, ptrdiff_t first_row, ptrdiff_t rows, ptrdiff_t first_panel,
                    ptrdiff_t panels) {
  struct sensorium_product plain = *job;
  const bool curved = job->activation >= SENSORIUM_ACTIVATION_GELU;
  if (curved) {
    plain.residual = 0;
    plain.activation = SENSORIUM_ACTIVATION_NONE;
  }
  ptrdiff_t block = INPUT_BLOCK / job->inputs / MAX_ROWS * MAX_ROWS;
  if (block < MAX_ROWS) block = MAX_ROWS;
  const ptrdiff_t last_panel = first_panel + panels;
  for (ptrdiff_t start = first_row; start < first_row + rows; start += block) {
    const ptrdiff_t left = first_row + rows - start, count = left < block ? left : block;
    /* Tiles of nearly equal height: 15 rows are 8 + 7, not 14 + 1. */
    const ptrdiff_t tiles = (count + MAX_ROWS - 1) / MAX_ROWS, height = count / tiles, higher = count % tiles;
    for (ptrdiff_t panel = first_panel; panel < last_panel;) {
      int step = PANELS_FOR(height + (higher > 0));
      while (step > last_panel - panel) step /= 2;
      if (higher > 0) product_tiles(&plain, start, (int)height + 1, higher, panel, step, panel + step);
      product_tiles(&plain, start + higher * (height + 1), (int)height, tiles - higher, panel, step,
                    panel + step + higher);
      if (curved) {
        ptrdiff_t first = panel * SENSORIUM_PANEL, width = job->outputs - first;
        if (width > step * SENSORIUM_PANEL) width = step * SENSORIUM_PANEL;
        product_curve(job, start, count, first, width);
      }
      panel += step;
    }
  }
}
