#include "colours.h"

#include <stdlib.h>

#include <lcms2.h>

struct colours {
    cmsHTRANSFORM transform;
};

// Whether no colour moves by more than rounding makes it: photos in sRGB keep their bits, which the networks were trained on.
static int changes_little(cmsHTRANSFORM transform, storage storage) {
    enum { steps = 6, count = steps * steps * steps, largest = 3 };
    uint8_t before[count][3], after[count][3];
    if (storage == stored_as_inks) return 0;
    for (int i = 0; i < count; i++) {
        if (storage == stored_as_grey) {
            before[i][0] = before[i][1] = before[i][2] = (uint8_t)(i * 255 / (count - 1));
            continue;
        }
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

// How pixels come, for a profile that says something about them; 0 for another.
static cmsUInt32Number layout(cmsHPROFILE profile, storage storage) {
    // The first of three bytes that are alike.
    const cmsUInt32Number grey = COLORSPACE_SH(PT_GRAY) | EXTRA_SH(2) | CHANNELS_SH(1) | BYTES_SH(1);
    switch (cmsGetColorSpace(profile)) {
    case cmsSigRgbData: return storage == stored_as_inks ? 0 : TYPE_RGB_8;
    case cmsSigGrayData: return storage == stored_as_grey ? grey : 0;
    case cmsSigCmykData: return storage == stored_as_inks ? TYPE_CMYK_8 : 0;
    default: return 0;
    }
}

// Takes the profile.
static colours *way_to_srgb(cmsHPROFILE from, storage storage) {
    if (from == NULL) return NULL;
    colours *c = NULL;
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    cmsUInt32Number pixels = layout(from, storage);
    // Of inks little-cms prepares a table of 17⁴ mixtures, of which one of 9⁴ differs by 0.1 of 255 on average, in a tenth of the time.
    cmsUInt32Number flags = storage == stored_as_inks ? cmsFLAGS_GRIDPOINTS(9) : 0;
    if (to != NULL && pixels != 0) {
        cmsHTRANSFORM transform = cmsCreateTransform(from, pixels, to, TYPE_RGB_8, INTENT_PERCEPTUAL, flags);
        if (transform != NULL && !changes_little(transform, storage) && (c = malloc(sizeof *c)) != NULL)
            c->transform = transform;
        else if (transform != NULL) cmsDeleteTransform(transform);
    }
    if (to != NULL) cmsCloseProfile(to);
    cmsCloseProfile(from);
    return c;
}

colours *colours_begin(const void *profile, size_t count, storage storage) {
    // A profile is some kilobytes, of printers some megabytes.
    if (profile == NULL || count < 128 || count > 8 << 20) return NULL;
    return way_to_srgb(cmsOpenProfileFromMem(profile, (cmsUInt32Number)count), storage);
}

colours *colours_begin_numbered(int primaries, int transfer) {
    // Display P3 with a curve that is, or nearly is, that of sRGB: what cameras of phones write. Of others no picture looks wrong
    // enough; those of bright screens are in tones.c.
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
    return way_to_srgb(from, stored_as_colours);
}

void colours_convert(const colours *c, uint8_t *rgb, size_t pixels) {
    cmsDoTransform(c->transform, rgb, rgb, (cmsUInt32Number)pixels);
}

void colours_of_inks(const colours *c, const uint8_t *cmyk, uint8_t *rgb, size_t pixels) {
    cmsDoTransform(c->transform, cmyk, rgb, (cmsUInt32Number)pixels);
}

void colours_end(colours *c) {
    cmsDeleteTransform(c->transform);
    free(c);
}
