/* text.h: numbers, times and paragraphs as people read them. */
#ifndef PERPASS_REPORTS_TEXT_H
#define PERPASS_REPORTS_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TEXT_SMALL = 48 }; /* bytes that hold what the functions with |buffer| write */

/* text_columns counts the code points of the UTF-8 |text|: the columns that it takes on a terminal. */
size_t text_columns(const char *text);

/* text_cut copies |text| to |buffer|, cut to |columns|, with "..." at its end if something was cut. */
void text_cut(const char *text, size_t columns, char *buffer, size_t size);

/* text_wrap prints |text| as a paragraph of at most |width| columns, every line behind |indent| spaces, and
 * gives the number of lines. |max_lines| bounds them (0: no bound); the last line then ends in "...". With
 * |out| NULL it only counts. */
unsigned text_wrap(FILE *out, const char *text, unsigned indent, unsigned width,
                   unsigned max_lines);

/* text_number writes "1,234,567". */
const char *text_number(uint64_t number, char buffer[TEXT_SMALL]);

/* text_count writes "1 packet", "2 packets": |one| or |many| behind the number. */
const char *text_count(uint64_t number, const char *one, const char *many,
                       char buffer[TEXT_SMALL * 2]);

/* text_time writes nanoseconds since 1970 as RFC 3339 in UTC: with nanoseconds in text_time, to the second in
 * text_second. */
const char *text_time(uint64_t time_ns, char buffer[TEXT_SMALL]);

/* text_clock writes to |clock| what text_time gives, TEXT_TIME_LEN bytes and a NUL: for times that are close to the one
 * before. All-zero is one that has written nothing. */
enum { TEXT_TIME_LEN = 30 };
struct text_clock {
    uint64_t second;
    char text[TEXT_SMALL];
};
void text_clock(struct text_clock *clock, uint64_t time_ns);

const char *text_second(uint64_t time_ns, char buffer[TEXT_SMALL]);

/* text_duration writes "0.25 s", "12 s", "5 min 3 s", "2 h 5 min", "3 d 4 h". */
const char *text_duration(uint64_t duration_ns, char buffer[TEXT_SMALL]);

/* text_bytes writes "12 bytes", "3.4 MB". */
const char *text_bytes(uint64_t bytes, char buffer[TEXT_SMALL]);

/* text_percent writes "30 %" of |part| in |whole|, with a digit more where that says more, and "below 0.1 %" or
 * "over 99.9 %" of what is not all or nothing. */
const char *text_percent(uint64_t part, uint64_t whole, char buffer[TEXT_SMALL]);

/* text_sentence gives the length of the first sentence of |text|, its full stop included. */
size_t text_sentence(const char *text);

/* text_distance is the number of letters to add, drop, change or swap to make |b| of |a|; only the first 63
 * letters of each count. */
unsigned text_distance(const char *a, const char *b);

#endif
