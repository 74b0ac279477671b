"""Prints what an extra of a pyproject.toml requires, one package a line: extras.py PYPROJECT EXTRA."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text())["project"]


def packages(requirements):
    for requirement in requirements:
        if requirement.startswith(f"{project['name']}["):  # its own extras: name[one,two]
            for extra in requirement.rstrip("]").partition("[")[2].split(","):
                yield from packages(project["optional-dependencies"][extra])
        else:
            yield requirement


print("\n".join(sorted({*project["dependencies"], *packages([f"{project['name']}[{sys.argv[2]}]"])})))
