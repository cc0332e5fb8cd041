#include "straggler.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* /proc/PID/maps: address perms offset dev inode path */
static bool maps_file(const char *pid, unsigned long inode)
{
    char path[300], *line = NULL;
    size_t room = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *file = fopen(path, "re");
    while (file && !found && getline(&line, &room, file) > 0) {
        unsigned long number = 0;
        found = strstr(line, "memfd:heapline-board") && sscanf(line, "%*s %*s %*s %*s %lu", &number) == 1 && number == inode;
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

bool straggler_exists(int board_fd)
{
    struct stat status;
    bool found = false;
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    if (fstat(board_fd, &status) != 0)
        status.st_ino = 0;
    while (dir && !found && (entry = readdir(dir)))
        if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid())
            found = maps_file(entry->d_name, (unsigned long)status.st_ino);
    if (dir)
        closedir(dir);
    return found;
}
