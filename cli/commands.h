/* commands.h: the commands of perpass. */
#ifndef PERPASS_CLI_COMMANDS_H
#define PERPASS_CLI_COMMANDS_H

#include "cli/options.h"

extern const struct command command_analyze, command_monitor, command_merge, command_explain,
    command_version;

#endif
