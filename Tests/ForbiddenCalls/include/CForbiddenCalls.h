#pragma once

#include <sys/types.h>

/// How many calls there are that a confined process must not be able to make.
int forbidden_count(void);

/// What the call does, in a few words.
const char *forbidden_name(int index);

/// Makes the call. Returns its error number, 0 where it succeeded.
/// - Parameter server: a process outside.
int forbidden_call(int index, pid_t server);

/// Makes calls of the same kinds that decoding needs. Returns 0, or the number of the first that failed.
int permitted_calls(void);
