"""Writes the pages of the public names: `python docs/api.py FOLDER`."""

import sys
from pathlib import Path

import pdoc

import nekogao


def main(folder: Path) -> None:
    """Write one page from the docstrings of everything that `nekogao.__all__` names."""
    for name in nekogao.__all__:
        # They are imported when they are first asked for, and pdoc looks only at what is there.
        setattr(nekogao, name, getattr(nekogao, name))
    pdoc.render.configure(docformat="google", show_source=False, search=True)
    pdoc.pdoc("nekogao", "!nekogao.", output_directory=folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
