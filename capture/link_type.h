/* link_type.h: link types of files (LINKTYPE_) and of the running system (DLT_). */
#ifndef PERPASS_CAPTURE_LINK_TYPE_H
#define PERPASS_CAPTURE_LINK_TYPE_H

#include <stdint.h>

/* link_type_of_file mends a link type as a file has it: some programs wrote their system's
 * DLT_RAW. */
uint16_t link_type_of_file(uint16_t link_type);

/* link_type_of_dlt and link_type_to_dlt translate between LINKTYPE_ and the DLT_ of this system. */
uint16_t link_type_of_dlt(int dlt);
int link_type_to_dlt(uint16_t link_type);

#endif
