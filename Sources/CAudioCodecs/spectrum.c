#include "CAudioCodecs.h"

#include <math.h>
#include <string.h>

// The Fourier transform of 400 real samples, as one of 200 complex numbers. Frames lie side by side in the lanes of a vector,
// so that every step is the same for all of them and nothing is ever shuffled.

enum { half = spectrum_length / 2 };

typedef double lanes __attribute__((vector_size(spectrum_lanes * sizeof(double)), aligned(sizeof(double))));

typedef struct {
    lanes re, im;
} complex_lanes;

#if defined(__x86_64__)
#define FASTEST __attribute__((target_clones("arch=haswell", "default")))
#else
#define FASTEST
#endif

void spectrum_roots(double *roots) {
    for (int k = 0; k < spectrum_length; k++) {
        double angle = 2 * M_PI * k / spectrum_length;
        roots[k] = cos(angle);
        roots[spectrum_length + k] = -sin(angle);
    }
}

// exp(-2πi k / 400), for k < 400.
static inline __attribute__((always_inline)) complex_lanes times(const double *roots, int k, complex_lanes value) {
    double re = roots[k], im = roots[spectrum_length + k];
    return (complex_lanes){value.re * re - value.im * im, value.re * im + value.im * re};
}

// One pass of Stockham's transform: `length` is what is left to transform, `stride` how many transforms are interleaved.
static inline __attribute__((always_inline)) void pass(
    int radix, int length, int stride, const double *roots, const complex_lanes *from, complex_lanes *to) {
    int step = length / radix, turn = spectrum_length / length, part = spectrum_length / radix;
    for (int p = 0; p < step; p++)
        for (int q = 0; q < stride; q++)
            for (int k = 0; k < radix; k++) {
                complex_lanes sum = from[q + stride * p];
                for (int j = 1; j < radix; j++) {
                    complex_lanes term = from[q + stride * (p + step * j)];
                    if (k > 0) term = times(roots, j * k % radix * part, term);
                    sum.re += term.re;
                    sum.im += term.im;
                }
                to[q + stride * (radix * p + k)] = p * k == 0 ? sum : times(roots, p * k * turn, sum);
            }
}

FASTEST void spectrum_power(const double *roots, const double *frames, double *power) {
    complex_lanes a[half + 1], b[half];
    memcpy(a, frames, sizeof(double) * spectrum_length * spectrum_lanes); // even samples are real parts, odd ones imaginary
    pass(5, 200, 1, roots, a, b);
    pass(5, 40, 5, roots, b, a);
    pass(2, 8, 25, roots, a, b);
    pass(2, 4, 50, roots, b, a);
    pass(2, 2, 100, roots, a, b);
    for (int k = 0; k <= half; k++) {
        complex_lanes z = b[k % half], mirror = b[(half - k) % half];
        complex_lanes even = {z.re + mirror.re, z.im - mirror.im}, odd = {z.im + mirror.im, mirror.re - z.re};
        odd = times(roots, k, odd);
        lanes re = (even.re + odd.re) / 2, im = (even.im + odd.im) / 2;
        lanes value = re * re + im * im;
        memcpy(power + k * spectrum_lanes, &value, sizeof value);
    }
}
