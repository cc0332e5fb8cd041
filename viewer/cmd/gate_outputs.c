#include "gate.h"

#include "../base/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int gate_writer(FILE *out, const struct findings *findings);

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bool write_file(const char *path, gate_writer *write, const struct findings *findings)
{
    if (!path)
        return true;
    FILE *out = is_stdout(path) ? stdout : fopen(path, "we");
    int status = out ? write(out, findings) : -errno;
    if (out && out != stdout && fclose(out) == EOF && status == 0)
        status = -errno;
    if (status < 0)
        say_error("the result cannot be written to '%s': %s", path, strerror(-status));
    return status == 0;
}

/* The service names the file for the summary; elsewhere there is none. */
static bool write_github(const struct findings *findings)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    FILE *summary = path && *path ? fopen(path, "ae") : NULL;
    if (path && *path && !summary)
        say_warning("the summary cannot be written to '%s': %s", path, strerror(errno));
    int status = gate_write_github(stdout, summary, findings);
    if (summary && fclose(summary) == EOF && status == 0)
        status = -errno;
    if (status < 0)
        say_error("the annotations cannot be written: %s", strerror(-status));
    return status == 0;
}

bool gate_outputs_write(const struct gate_outputs *outputs, const struct view *view, const struct findings *findings)
{
    bool taken = is_stdout(outputs->junit) || is_stdout(outputs->sarif) || is_stdout(outputs->gitlab) || is_stdout(outputs->json);
    bool good = taken || gate_write_text(view, findings) == 0;
    good &= write_file(outputs->junit, gate_write_junit, findings);
    good &= write_file(outputs->sarif, gate_write_sarif, findings);
    good &= write_file(outputs->gitlab, gate_write_gitlab, findings);
    good &= write_file(outputs->json, gate_write_json, findings);
    if (outputs->github)
        good &= write_github(findings);
    return good;
}
