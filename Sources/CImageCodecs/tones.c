#include "tones.h"

#include <math.h>
#include <stdlib.h>

enum { pq = 16, hlg = 18, steps = 4096 };

static const double white = 203, peak = 1000;

struct tones {
    int bits, is_hlg;
    float to_srgb[3][3];
    float gain[steps + 1];     // by the root of the largest of red, green and blue, of that of the peak
    uint8_t encoded[steps + 1]; // sRGB, by the root of the light
    float light[];             // of a sample: of the peak (PQ), of the scene (HLG)
};

int tones_are_bright(int transfer) { return transfer == pq || transfer == hlg; }

// SMPTE ST 2084; light is of 10,000 cd/m².
static const double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128, c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32,
                    c3 = 2392.0 / 4096 * 32;

static double pq_light(double signal) {
    double power = pow(signal, 1 / m2);
    return pow(fmax(power - c1, 0) / (c2 - c3 * power), 1 / m1);
}

static double pq_signal(double light) {
    double power = pow(light, m1);
    return pow((c1 + c2 * power) / (1 + c3 * power), m2);
}

static double hlg_light(double signal) {
    const double a = 0.17883277, b = 0.28466892, c = 0.55991073;
    return signal <= 0.5 ? signal * signal / 3 : (exp((signal - c) / a) + b) / 12;
}

// What light of the peak becomes, of that of white (BT.2390, "EETF", with black at 0).
static double compressed(double light) {
    double brightest = pq_signal(peak / 10000), largest = pq_signal(white / 10000) / brightest;
    double knee = 1.5 * largest - 0.5, signal = pq_signal(light * peak / 10000) / brightest;
    if (signal > knee) {
        double t = (signal - knee) / (1 - knee), t2 = t * t, t3 = t2 * t;
        signal = (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (3 * t2 - 2 * t3) * largest;
    }
    return pq_light(signal * brightest) * 10000 / white;
}

static double srgb_signal(double light) { return light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055; }

tones *tones_begin(int primaries, int transfer, int bits) {
    // Rows of the product of XYZ to sRGB and the primaries to XYZ, all of the white D65.
    static const float same[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    static const float p3[3][3] = {
        {1.2249402f, -0.2249402f, 0}, {-0.0420570f, 1.0420570f, 0}, {-0.0196376f, -0.0786360f, 1.0982736f}};
    static const float bt2020[3][3] = {
        {1.6604910f, -0.5876411f, -0.0728499f}, {-0.1245505f, 1.1328999f, -0.0083494f}, {-0.0181508f, -0.1005789f, 1.1187297f}};
    size_t count = (size_t)1 << bits;
    tones *t = malloc(sizeof *t + count * sizeof t->light[0]);
    if (t == NULL) return NULL;
    t->bits = bits;
    t->is_hlg = transfer == hlg;
    const float(*matrix)[3] = primaries == 1 ? same : primaries == 12 ? p3 : bt2020;
    for (int i = 0; i < 9; i++) t->to_srgb[i / 3][i % 3] = matrix[i / 3][i % 3];
    for (size_t i = 0; i < count; i++) {
        double signal = (double)i / (double)(count - 1);
        t->light[i] = (float)(t->is_hlg ? hlg_light(signal) : fmin(pq_light(signal) * 10000 / peak, 10));
    }
    for (int i = 0; i <= steps; i++) {
        double root = (double)i / steps, light = root * root;
        // At black the curve is a line.
        t->gain[i] = (float)(i == 0 ? peak / white : compressed(light) / light);
        t->encoded[i] = (uint8_t)lrint(255 * srgb_signal(light));
    }
    return t;
}

void tones_convert(const tones *t, const uint8_t *samples, uint8_t *narrow, size_t pixels, int channels) {
    unsigned largest = (1u << t->bits) - 1;
    int bytes = t->bits > 8 ? 2 : 1;
    for (size_t i = 0; i < pixels; i++, samples += channels * bytes, narrow += channels) {
        float light[3];
        for (int c = 0; c < channels; c++) {
            unsigned value = bytes == 1 ? samples[c] : samples[2 * c] | (unsigned)samples[2 * c + 1] << 8;
            if (value > largest) value = largest;
            if (c == 3) narrow[3] = (uint8_t)((value * 255 + largest / 2) / largest);
            else light[c] = t->light[value];
        }
        if (t->is_hlg) {
            // A screen of 1,000 cd/m² makes of the light of a scene that, to the power of 1.2 (BT.2100, note 5f).
            float luminance = 0.2627f * light[0] + 0.6780f * light[1] + 0.0593f * light[2];
            float shown = luminance > 0 ? powf(luminance, 0.2f) : 0;
            for (int c = 0; c < 3; c++) light[c] *= shown;
        }
        float most = fmaxf(light[0], fmaxf(light[1], light[2]));
        float place = sqrtf(fminf(most, 1)) * steps;
        int below = place >= steps ? steps - 1 : (int)place;
        float gain = t->gain[below] + (t->gain[below + 1] - t->gain[below]) * (place - (float)below);
        // Beyond the peak is as at the peak.
        if (most > 1) gain = 1 / most;
        for (int c = 0; c < 3; c++) {
            const float *row = t->to_srgb[c];
            float sum = gain * (row[0] * light[0] + row[1] * light[1] + row[2] * light[2]);
            narrow[c] = t->encoded[lrintf(sqrtf(fminf(fmaxf(sum, 0), 1)) * steps)];
        }
    }
}

void tones_end(tones *t) { free(t); }
