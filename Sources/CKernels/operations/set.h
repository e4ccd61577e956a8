/* Every operation, for the instruction set of the including file, and the table that names them. */
#include "vectors.h"
#include "rows.h"
#include "attention.h"
#include "product.h"
#include "depthwise.h"
#include "dots.h"

#ifdef LOAD_HALF
#define TAKES_HALF true
#else
#define TAKES_HALF false
#endif

#ifndef PREFERS_HALF
#define PREFERS_HALF false
#endif

#define KERNEL_SET(label)                                                                                              \
  {.name = label, .takes_half = TAKES_HALF, .prefers_half = PREFERS_HALF, .attention_rows = ATTENTION_ROWS,            \
   .product = product, .widen = widen, .depthwise = depthwise, .attention = attention, .layer_norm = layer_norm,       \
   .rms_norm = rms_norm, .softmax = softmax, .log_sum_exp = log_sum_exp, .gelu = gelu, .sigmoid = sigmoid,             \
   .swish = swish, .hard_swish = hard_swish, .dots = dots, .sum = sum}
