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

/* json_writer_made writes what was made before into the object at hand: it ends |ends| objects that such texts have
 * begun, JSON_WRITER_MAX_ENDS at most, and |text| is what comes behind the comma. |named|: its last member waits for
 * its value. The objects that are begun in texts are the caller's to count, and to end with json_writer_made_end. Not of
 * an indented document. */
enum { JSON_WRITER_MAX_ENDS = 8, JSON_WRITER_MAX_ROOM = 1 << 15 };
void json_writer_made(struct json_writer *json, unsigned ends, const char *text, size_t len,
                      bool named);
void json_writer_made_end(struct json_writer *json, unsigned ends);

/* json_writer_open is json_writer_made with a value that the caller writes as JSON to where it points, |room| bytes at
 * most (with |len|: JSON_WRITER_MAX_ROOM); json_writer_close is told where that ended. */
char *json_writer_open(struct json_writer *json, unsigned ends, const char *text, size_t len,
                       size_t room);
void json_writer_close(struct json_writer *json, const char *end);
void json_writer_named(
    struct json_writer *json); /* what was closed ends with a name: its value is next */

/* json_writer_mark remembers where the next text comes; json_writer_since gives what was written since then, |len| bytes
 * until more is written, or NULL when a part of it has left the buffer. */
uint64_t json_writer_mark(const struct json_writer *json);
const char *json_writer_since(const struct json_writer *json, uint64_t mark, size_t *len);

/* json_writer_value writes a value that json_writer_since gave. */
void json_writer_value(struct json_writer *json, const char *text, size_t len);

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
