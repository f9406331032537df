/* html_assets.h: report.css and report.js as they are in the HTML report; made by CMake from these files. */
#ifndef PERPASS_REPORTS_HTML_ASSETS_H
#define PERPASS_REPORTS_HTML_ASSETS_H

extern const char html_style[];  /* NUL-terminated */
extern const char html_script[]; /* NUL-terminated */

#endif
