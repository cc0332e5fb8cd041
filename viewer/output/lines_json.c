#include "json.h"
#include "lines.h"

#include <stdlib.h>

static json_t *row_object(const struct profile *profile, const struct lines *lines, const struct line_row *row)
{
    json_t *object = json_object();
    json_add_location(object, &profile->locations, row->location);
    json_add_costs(object, &row->costs);
    return object;
}

static json_t *file_object(const struct profile *profile, const struct line_file *file)
{
    json_t *object = json_object();
    const char *module = file->module == TRACE_NONE ? NULL : profile->trace->modules[file->module].path;
    json_object_set_new(object, "file", json_text(file->path));
    json_object_set_new(object, "module", json_text(file->path ? NULL : module));
    json_object_set_new(object, "rows", json_integer(file->n));
    json_add_costs(object, &file->costs);
    return object;
}

int lines_print_json(const struct view *view, const struct profile *profile, const struct lines *lines)
{
    json_t *object = json_begin("heapline-lines/1", profile, measure_names[lines->by]);
    json_t *rows = json_array(), *files = json_array();
    const struct line_row **sorted = lines_sorted(lines);
    for (uint32_t r = 0; r < lines->n_rows && (!view->top || r < view->top); r++)
        json_array_append_new(rows, row_object(profile, lines, sorted[r]));
    for (uint32_t f = 0; f < lines->n_files; f++)
        json_array_append_new(files, file_object(profile, &lines->files[f]));
    free(sorted);
    json_object_set_new(object, "mode", json_string(lines_mode_names[lines->mode]));
    json_object_set_new(object, "lines", rows);
    json_object_set_new(object, "lines_left_out", json_integer((json_int_t)(lines->n_rows - json_array_size(rows))));
    json_object_set_new(object, "files", files);
    json_object_set_new(object, "losses", json_losses(profile->trace));
    return json_finish(object, view->out);
}
