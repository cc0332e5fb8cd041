#include "format.h"

const struct format formats[] = {
    { "json", false, format_write_json },
    { "csv", false, format_write_csv },
    { "folded", false, format_write_folded },
    { "pprof", true, format_write_pprof },
    { "massif", false, format_write_massif },
    { "dot", false, format_write_dot },
    { 0 },
};

const char *const format_names[] = { "json", "csv", "folded", "pprof", "massif", "dot", NULL };
