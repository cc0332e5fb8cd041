"""Writes a C source of 3,000 small functions and types for a compiler to work on: three lines of includes, then three each."""
print("#include <math.h>\n#include <stdlib.h>\n#include <string.h>")
for i in range(3000):
    print(f"struct node{i} {{ struct node{i} *left, *right; char key[{8 + i % 48}]; double weight; int count; }};")
    print(f"static double sum{i}(const struct node{i} *n, int depth) {{ double s = 0; while (n) {{ "
          "if (n->count > depth) s += n->weight * depth; else s += sqrt(n->weight) + strlen(n->key); "
          "if (depth-- == 0) break; n = n->count & 1 ? n->left : n->right; } return s; }")
    print(f"double root{i}(int depth) {{ struct node{i} n = {{ 0, 0, \"key{i}\", {i}.25, {i % 13} }}; "
          f"return sum{i}(&n, depth) + {i}; }}")
