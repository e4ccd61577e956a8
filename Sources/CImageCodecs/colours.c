#include "colours.h"

#include <stdlib.h>

#include <lcms2.h>

struct colours {
    cmsHTRANSFORM transform;
};

// Whether no colour moves by more than rounding makes it: photos in sRGB keep their bits, which the networks were trained on.
static int changes_little(cmsHTRANSFORM transform) {
    enum { steps = 6, count = steps * steps * steps, largest = 3 };
    uint8_t before[count][3], after[count][3];
    for (int i = 0; i < count; i++) {
        before[i][0] = (uint8_t)(i % steps * 51);
        before[i][1] = (uint8_t)(i / steps % steps * 51);
        before[i][2] = (uint8_t)(i / steps / steps * 51);
    }
    cmsDoTransform(transform, before, after, count);
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            if (abs(before[i][c] - after[i][c]) > largest) return 0;
    return 1;
}

// Takes the profile.
static colours *way_to_srgb(cmsHPROFILE from) {
    if (from == NULL) return NULL;
    colours *c = NULL;
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    if (to != NULL && cmsGetColorSpace(from) == cmsSigRgbData) {
        cmsHTRANSFORM transform = cmsCreateTransform(from, TYPE_RGB_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
        if (transform != NULL && !changes_little(transform) && (c = malloc(sizeof *c)) != NULL) c->transform = transform;
        else if (transform != NULL) cmsDeleteTransform(transform);
    }
    if (to != NULL) cmsCloseProfile(to);
    cmsCloseProfile(from);
    return c;
}

colours *colours_begin(const void *profile, size_t count) {
    // A profile is some kilobytes, of printers some megabytes.
    if (profile == NULL || count < 128 || count > 8 << 20) return NULL;
    return way_to_srgb(cmsOpenProfileFromMem(profile, (cmsUInt32Number)count));
}

colours *colours_begin_numbered(int primaries, int transfer) {
    // Display P3 with a curve that is, or nearly is, that of sRGB: what cameras of phones write. Of others no picture looks wrong
    // enough, or none looks right in eight bits.
    enum { p3 = 12, bt709 = 1, bt601 = 6, srgb = 13 };
    if (primaries != p3 || (transfer != srgb && transfer != bt709 && transfer != bt601)) return NULL;
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE corners = {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
    const cmsFloat64Number parameters[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve = cmsBuildParametricToneCurve(NULL, 4, parameters);
    if (curve == NULL) return NULL;
    cmsToneCurve *const curves[] = {curve, curve, curve};
    cmsHPROFILE from = cmsCreateRGBProfile(&white, &corners, curves);
    cmsFreeToneCurve(curve);
    return way_to_srgb(from);
}

void colours_convert(const colours *c, uint8_t *rgb, size_t pixels) {
    cmsDoTransform(c->transform, rgb, rgb, (cmsUInt32Number)pixels);
}

void colours_end(colours *c) {
    cmsDeleteTransform(c->transform);
    free(c);
}
