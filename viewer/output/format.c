#include "format.h"

const struct format formats[] = {
    { 0 },
};
