"""Forgetting faces: `python docs/studies/other_faces.py SEED_SET FOLDER`; both tables in Markdown.

A network learns five of the ten faces of SEED_SET from their edges and then goes on to the other
five, alone or with the first five among them. FOLDER keeps every run, and a run that is finished
is not made again; `other-faces.csv` there has a line for each.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import nekogao
from nekogao.measures.intervals import over_images

FIRST, THEN = "edges:150", "edges:150"
SEEDS = range(5)
NETWORKS = ("no-skips", "encoder-decoder", "unet")
WAYS = ("the others alone", "both")
COLUMNS = ("network", "then", "seed", "old_before", "old_after", "old_identified", "new_after")


def runs(seed_set: Path, folder: Path) -> Iterator[dict[str, object]]:
    ids = list(nekogao.PairSet.open(seed_set).ids)
    old, new = folder / "old", folder / "new"
    for place, others in ((old, ids[5:]), (new, ids[:5])):
        if not place.exists():
            nekogao.remove_pairs(seed_set, others, place)
    for network in NETWORKS:
        for seed in SEEDS:
            config = nekogao.compose("fast", generator=network, phases=[FIRST], seed=seed,
                                     overrides={"every": 150})  # fmt: skip
            first = folder / f"{network}-{seed}"
            list(nekogao.train(first, old, config))
            for way, pairs in zip(WAYS, (new, seed_set), strict=True):
                after = folder / f"{network}-{seed}-{'both' if way == 'both' else 'others'}"
                list(nekogao.switch(first, after, [THEN], pairs))
                rows = nekogao.Run.open(after).read_metrics()
                last = {row.domain: row for row in rows}
                begun = next(row for row in rows if row.domain == "edges-of-old")
                ended = last["edges-of-old"]
                yield dict(zip(COLUMNS, (
                    network, way, seed, begun.skill, ended.skill, ended.identity,
                    last["edges"].skill,
                ), strict=True))  # fmt: skip


def shown(values: list[float]) -> str:
    found = over_images([[value] for value in values])
    return f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]"


def main(seed_set: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = list(runs(seed_set, folder))
    with (folder / "other-faces.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(found)
    numbers = COLUMNS[3:]
    print("| network | then | old before | old after | old identified | new after |")
    print("|" + "---|" * 6)
    for network in NETWORKS:
        for way in WAYS:
            alike = [row for row in found if (row["network"], row["then"]) == (network, way)]
            cells = [shown([float(row[name]) for row in alike]) for name in numbers]
            print("| " + " | ".join([network, way, *cells]) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
