/* std::string: short ones have no block, long ones point to its beginning; those of before C++11 to the text behind
 * three words of bookkeeping. *
 * variant: strings_old
 */
#include "leaks.h"
#include <new>
#include <string>

static const char text[] = "a text that is much too long for the short string's room";

struct holder { std::string text; holder *next; };

static holder *kept;
static std::string *direct;
static std::string global;

static holder *make()
{
    holder *h = new holder;                     /* leak: reachable=$holder/1 lost=$holder/1 */
    h->text = text;                             /* leak: reachable=$text/1 indirect=$text/1 */
    return h;
}

static void fill(void)
{
    kept = make();
    make();
    global = text;                              /* leak: reachable=$text/1 by=global:global */
    direct = new std::string;                   /* leak: reachable=$string/1 by=global:direct */
}

int main()
{
    fill();
    scrub();
    size_t head = sizeof(std::string) < 32 ? 24 : 0;
    dprintf(1, "holder=%zu string=%zu text=%zu\n", sizeof(holder), sizeof(std::string), sizeof text + head);
    _exit(0);                                   /* before the destructors */
}
