#include "CRelease.h"

#ifndef SENSORIUM_COMMIT
#define SENSORIUM_COMMIT unknown
#endif
#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

const char *sensorium_commit(void) { return TEXT(SENSORIUM_COMMIT); }
