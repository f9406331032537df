/* json_writer.h: JSON (RFC 8259) to a stream, through one fixed buffer; it allocates nothing per value.
 *
 * The caller gives a value after a name in an object, and values alone in an array; wrong nesting is a bug
 * (assert). Whatever the bytes of a text are, what comes out is valid JSON in UTF-8: bytes that are not
 * UTF-8 become U+FFFD, and controls, DEL, C1, U+2028 and U+2029 are escaped. The first error of the stream
 * sticks; what is written after it is dropped. */
#ifndef PERPASS_REPORTS_JSON_WRITER_H
#define PERPASS_REPORTS_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_writer;

enum { JSON_WRITER_MAX_DEPTH = 64 };

/* json_writer_new writes to |out|, which stays the caller's; NULL when there is no memory. */
struct json_writer *json_writer_new(FILE *out);

/* json_writer_indent writes all that follows for people, too: a member or an item a line, two spaces deeper for
 * each container. Before the first value. */
void json_writer_indent(struct json_writer *json);
void json_writer_free(struct json_writer *json); /* writes nothing: call json_writer_flush first */

void json_writer_object_begin(struct json_writer *json);
void json_writer_object_end(struct json_writer *json);
void json_writer_array_begin(struct json_writer *json);
void json_writer_array_end(struct json_writer *json);

/* json_writer_name names the next value: text of the program's own that needs no escape. */
void json_writer_name(struct json_writer *json, const char *name, size_t len);

/* json_writer_made writes members of the object at hand that were made before: |text| is what comes behind the
 * comma, with |objects| objects begun in it that are not ended. |named|: its last member waits for its value. Not
 * of an indented document. */
void json_writer_made(struct json_writer *json, const char *text, size_t len, unsigned objects,
                      bool named);
void json_writer_objects_end(struct json_writer *json,
                             unsigned num); /* not of an indented document */

/* json_writer_plain is json_writer_text for text of the program's own that needs no escape. */
void json_writer_plain(struct json_writer *json, const char *text, size_t len);

void json_writer_text(struct json_writer *json, const char *text, size_t len);
void json_writer_number(struct json_writer *json, uint64_t number);
void json_writer_numbers(struct json_writer *json, const uint64_t *numbers,
                         size_t num); /* items of an array */
void json_writer_truth(struct json_writer *json, bool truth);

/* json_writer_line ends the line after a whole value (NDJSON). */
void json_writer_line(struct json_writer *json);

/* json_writer_flush hands everything to the system. False when anything could not be written since the
 * start: then |error_number| is the errno of the first failure. */
bool json_writer_flush(struct json_writer *json, int *error_number);

#endif
