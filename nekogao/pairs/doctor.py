"""The doctor: everything that is wrong with a pair set."""

import json
from pathlib import Path

from nekogao.config.pairs import check_size
from nekogao.errors import ConfigError, NekogaoError
from nekogao.pairs import manifest


def examine(folder: str | Path) -> list[str]:
    """Everything that is wrong with a pair set, one line each; an empty list is a sound set.

    Reads every picture. Raises InputError where the folder is no pair set at all.
    """
    folder = Path(folder)
    try:
        header, items = manifest.read(folder)
    except NekogaoError as error:
        if not (folder / manifest.NAME).is_file():
            raise
        return [str(error)]
    faults = []
    try:
        check_size(header.size)
    except ConfigError as error:
        faults.append(str(error))
    hashes: dict[str, str] = {}
    for item in items:
        for kind in item.files():
            try:
                manifest.read_picture(folder, header, item, kind)
            except NekogaoError as error:
                faults.append(str(error))
        twin = hashes.setdefault(json.dumps(item.sha256, sort_keys=True), item.id)
        if twin != item.id:
            faults.append(f"{item.id}: the same pictures as {twin}. Remove one of the two.")
    return faults
