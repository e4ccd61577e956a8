#pragma once
/* The commit that the program was built from, as Package.swift was told by the variable SENSORIUM_COMMIT; "unknown" where nobody
 * told it. */
const char *sensorium_commit(void);
