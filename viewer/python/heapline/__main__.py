import sys

from ._command import main

main(sys.argv[1:])
