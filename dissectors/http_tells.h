/* http_tells.h: by what a request, or the beginning of a file, is taken for a part of a device's install. */
#ifndef PERPASS_DISSECTORS_HTTP_TELLS_H
#define PERPASS_DISSECTORS_HTTP_TELLS_H

#include "core/span.h"

/* What a text tells. */
struct http_tell {
    const char *service; /* "ipxe", "cloud-init" …; NULL: an install, but not which */
    bool tells;
};

/* http_tells_path looks at the path of a URL, http_tells_agent at a User-Agent. */
struct http_tell http_tells_path(struct span path);
struct http_tell http_tells_agent(struct span agent);

/* http_tells_browser says whether it is that of a browser: people have no installs. */
bool http_tells_browser(struct span agent);

/* http_tells_content says whether a file that begins so looks like a device's configuration, a boot script, or one
 * of these encrypted. Quick and by the first HTTP_TELLS_BYTES only: what the file is, content.h says. */
enum { HTTP_TELLS_BYTES = 512 };
bool http_tells_content(struct span start);

#endif
