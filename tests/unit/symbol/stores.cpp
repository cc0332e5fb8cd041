// Variables of every place: named ones with and without a scope, one of each thread, one that only this file sees, a constant.
namespace garden {
long beds[8] = {1};
}
extern "C" {
char pool[64];
__thread long own[2] = {1, 2};
extern const int seasons[4];
const int seasons[4] = {1, 2, 3, 4};
}
static long quiet[4] = {7};

int main(int argc, char **)
{
    quiet[argc & 3] += own[argc & 1];
    return static_cast<int>(quiet[0] + garden::beds[argc & 7] + pool[argc & 63] + seasons[argc & 3]);
}
