"""Runs at the start of every Python below `heapline run --memory-profiler`: a bare @profile works, and heapline can be imported.

The site's own sitecustomize, which this file hides, runs afterwards and takes its place; usercustomize is not touched.
"""
import _heapline_compat

_heapline_compat.offer_package()
_heapline_compat.offer_profile()
_heapline_compat.run_hidden("sitecustomize")
