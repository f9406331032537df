/* subject_graph_parts.h: what subject_graph.c and subject_count.c share. */
#ifndef PERPASS_ANALYSIS_SUBJECT_GRAPH_PARTS_H
#define PERPASS_ANALYSIS_SUBJECT_GRAPH_PARTS_H

#include "analysis/name_index.h"
#include "analysis/subject_graph.h"

/* Of one version of IP: where an identifier is, and where it was before; 0: nowhere. */
struct vertex_at {
    uint32_t host, host_s, before, before_s;
};

/* Hosts where an identifier was, the last one first, and whether it was there, then at three others or more, and came
 * back. One device has few such places. */
struct vertex_past {
    uint32_t hosts[SUBJECT_GRAPH_PAST];
    uint32_t next_free;
    uint16_t returned; /* bit i: hosts[i] */
    uint8_t num;
    bool ip6; /* the version of IP of which these are: that in which it moved first */
};

struct vertex {
    uint64_t name; /* 0: it is not known by its name any more */
    struct vertex_at at[2];
    uint32_t first_s, used_s, sessions;
    uint32_t hour_s, day_s; /* beginnings of the times in which moves are counted */
    uint32_t past;          /* its place among the pasts, once it was at three hosts; 0: none */
    uint8_t kind, hour_moves, day_moves;
    bool shared;
};

struct tie {
    uint64_t name;
    uint32_t members[SUBJECT_GRAPH_MEMBERS]; /* places of vertices */
    uint8_t as[SUBJECT_GRAPH_MEMBERS];
    uint8_t address[16];
    uint8_t address_len, num;
    uint32_t sessions, first_s, last_s;
    uint64_t handshakes[SUBJECT_GRAPH_HANDSHAKES]; /* the last of its sessions; 0: none */
};

struct subject_graph {
    struct vertex *vertices;
    struct tie *ties;
    struct vertex_past *pasts; /* 0 is none */
    uint32_t num_pasts, free_past;
    size_t num_vertices, vertices_room, most_vertices;
    size_t num_ties, ties_room, most_ties;
    struct name_index vertex_index, tie_index;
    struct link_counts settled; /* what was let go */
};

/* subject_graph_settle counts the subjects that were quiet longest for good, half of all, and makes room; false
 * without memory. Places of vertices and ties change. */
bool subject_graph_settle(struct subject_graph *graph);

#endif
