#include "suggest.h"

#include <string.h>

#define LONGEST 63

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours, each 1. Both at most LONGEST bytes. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned rows[3][LONGEST + 1];
    size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= strlen(a); i++) {
        unsigned *row = rows[i % 3], *before = rows[(i + 2) % 3], *swapped = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(least(row[j - 1], before[j]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], swapped[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][n];
}

/* About a third of the letters may be wrong, and always one; a name that begins as typed is near, too. */
void suggestion_offer(struct suggestion *suggestion, const char *name)
{
    size_t typed = strlen(suggestion->typed);
    if (typed == 0 || typed > LONGEST || strlen(name) > LONGEST)
        return;
    unsigned distance = edit_distance(suggestion->typed, name);
    unsigned allowed = typed < 4 ? 1 : (unsigned)(typed + 1) / 3;
    if (typed > 1 && strncmp(suggestion->typed, name, typed) == 0)
        distance = 1;
    if (distance <= allowed && (!suggestion->nearest || distance < suggestion->distance)) {
        suggestion->nearest = name;
        suggestion->distance = distance;
    }
}
