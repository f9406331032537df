/* html_times.h: when sessions began and findings were made first, as a chart. */
#ifndef PERPASS_REPORTS_HTML_TIMES_H
#define PERPASS_REPORTS_HTML_TIMES_H

#include "analysis/session_mix.h"
#include "reports/html_page.h"

/* html_times draws the time line; nothing when all is at one time. |mix| may be NULL. */
void html_times(const struct html_page *page, const struct session_mix *mix);

#endif
