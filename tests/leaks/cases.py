"""What needs more than one program and one run."""


def scenarios():
    return []
