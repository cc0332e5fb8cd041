"""What sitecustomize and memory_profiler of this folder share. Little is imported: it runs at the start of every Python."""
import builtins
import sys

_FOLDER, _SEPARATOR, _ = __file__.rpartition("/")
_PACKAGE = _FOLDER.rpartition("/")[0]


class PackageFinder:
    """Finds `heapline` beside this folder when it is found nowhere else, and nothing but it: the folders around stay off sys.path."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "heapline":
            return None
        from importlib.util import spec_from_file_location
        return spec_from_file_location(name, _PACKAGE + "/__init__.py", submodule_search_locations=[_PACKAGE])


def offer_package():
    if PackageFinder not in sys.meta_path:
        sys.meta_path.append(PackageFinder)


def offer_profile():
    """Puts `profile` among the builtins, as `python -m memory_profiler` does; heapline is imported when it is first used."""
    def profile(*args, **kwargs):
        from heapline import profile as real
        if builtins.__dict__.get("profile") is profile:
            builtins.profile = real
        return real(*args, **kwargs)

    builtins.__dict__.setdefault("profile", profile)


def hidden_spec(name):
    """The spec of the top-level module that would be found if this folder were not on sys.path; None: there is none."""
    from importlib.machinery import PathFinder
    import os
    places = [place for place in sys.path if os.path.abspath(place) != os.path.abspath(_FOLDER)]
    return PathFinder.find_spec(name, places)


def run_hidden(name):
    """Puts the module that this folder hides in the place of ours, or fails as an import does that finds none."""
    from importlib.util import module_from_spec
    spec = hidden_spec(name)
    if spec is None:
        raise ImportError("No module named %r" % name, name=name)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
