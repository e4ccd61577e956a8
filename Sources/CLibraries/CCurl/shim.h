// libcurl, and its calls with a variable number of arguments by one name for each type of them: Swift cannot make those.
#include <curl/curl.h>

static inline CURLcode curl_easy_set_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode curl_easy_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode curl_easy_set_fields(CURL *handle, struct curl_slist *fields) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields);
}

typedef size_t (*curl_receiver)(char *bytes, size_t size, size_t count, void *context);

/// Who gets the lines of the head and the bytes of the body.
static inline void curl_easy_set_receivers(CURL *handle, curl_receiver head, curl_receiver body, void *context) {
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, head);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}
