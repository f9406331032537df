/* capture_libraries.h: the libraries that reading captures rests on, for perpass version. */
#ifndef PERPASS_CAPTURE_CAPTURE_LIBRARIES_H
#define PERPASS_CAPTURE_CAPTURE_LIBRARIES_H

/* capture_libraries calls |say| with name and version of every library that is loaded. */
void capture_libraries(void *to, void (*say)(void *to, const char *name, const char *version));

#endif
