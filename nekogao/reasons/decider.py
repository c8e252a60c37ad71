"""What decides: the view of a network that best foretells the face, on pictures never seen.

It is a property of the run, not of the pictures that somebody asks about: measured once, on the
102 pieces of `photographs.unseen`, and kept in the run as law.json.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nekogao.measures import law
from nekogao.measures.comparisons import Comparisons, Distances
from nekogao.measures.intervals import over_images
from nekogao.measures.views import PICTURE
from nekogao.pictures import photographs
from nekogao.pictures.domains import KINDS
from nekogao.pictures.images import Picture
from nekogao.reasons.laws import Hits, Law, Rate, read_laws, write_laws
from nekogao.reasons.subject import Subject, TrainedFaces, shown
from nekogao.reasons.survey import level_of, view_of
from nekogao.workers import groups

MOST_FACES = 100
"""Of more faces this many are compared, spread evenly: the comparisons' cost grows with them."""
_CHUNK = 16


def decider(subject: Subject) -> Law:
    """What decides for a network in one domain: as the run has it, or else measured now.

    What is measured of a run with its own pair set is kept there.
    """
    run = subject.run
    if run is None:
        return measure(subject)
    known = read_laws(run)
    found = known.get(subject.domain_name)
    if found is not None and view_of(found.best.name)[0] in subject.views:
        return found
    found = measure(subject)
    if not subject.faces.thumbnails:
        write_laws(run, {**known, found.domain: found})
    return found


def keep(run: str | Path) -> None:
    """Measure what decides in every domain of a run in which sources can be made, and keep it.

    Nothing is measured where that was done, nor of a family that knows where its pixels come from.
    Raises what Subject.load raises.
    """
    translator = Subject.load(run).translator
    if translator.family.answer is not None:
        return
    domains = translator.model.domains
    for name in (domain.name for domain in domains.values() if domain.kind in KINDS):
        decider(Subject.load(run, name))


def measure(subject: Subject) -> Law:
    """Ask a network about the unseen pictures, and count how often each view foretells the face.

    Of equally good ones that with the right face nearer decides; then the one that comes
    before the output, the deeper one.
    """
    subject = _fewer(subject)
    pieces = photographs.unseen(subject.size)
    winners, distances = _ask(subject, list(pieces.values()))
    photos = [name.partition("-")[0] for name in pieces]
    scores = sorted(
        (_score(name, found, winners) for name, found in distances.items()),
        key=lambda score: (-score.rate, score.place, *_order(score.name)),
    )
    commonest = winners == np.bincount(winners).argmax()
    hits = distances[scores[0].name].argmin(axis=1) == winners
    return Law(
        domain=subject.domain_name,
        pictures=len(pieces),
        faces=len(subject.faces.ids),
        best=_rate(scores[0].name, hits.astype(float), photos),
        constant=_rate("constant", commonest.astype(float), photos),
        gain=_rate("gain", hits.astype(float) - commonest, photos),
        scores=tuple(scores),
    )


def _fewer(subject: Subject) -> Subject:
    faces = subject.faces
    if len(faces.ids) <= MOST_FACES:
        return subject
    chosen = np.linspace(0, len(faces.ids) - 1, MOST_FACES).round().astype(int).tolist()
    some = TrainedFaces(
        [faces.ids[i] for i in chosen],
        [faces.targets[i] for i in chosen],
        [faces.sources[i] for i in chosen],
    )
    return Subject(subject.translator, subject.domain, some)


def _ask(
    subject: Subject, pictures: Sequence[Picture]
) -> tuple[law.Winners, dict[str, Distances]]:
    """The face that comes out for each picture, and every candidate's distances."""
    # The views inside the network and its output compete, not those of the picture alone.
    training = Comparisons({n: v for n, v in subject.views.items() if n not in PICTURE})
    winners: list[int] = []
    parts: dict[str, list[Distances]] = {}
    for chunk in groups(pictures, _CHUNK):
        outputs, inside = subject.translator.look(subject.sources(chunk))
        winners += [subject.winner(output) for output in shown(outputs)]
        for name, found in training.distances(inside).items():
            parts.setdefault(name, []).append(found)
    whole = {name: np.concatenate(found) for name, found in parts.items()}
    # A predictor that was without meaning for some pictures has none.
    return np.array(winners), {n: d for n, d in whole.items() if len(d) == len(pictures)}


def _score(name: str, distances: Distances, winners: law.Winners) -> Hits:
    own = distances[np.arange(len(winners)), winners]
    return Hits(
        name=name,
        rate=law.agreement(distances.argmin(axis=1), winners),
        place=float((distances < own[:, None]).sum(axis=1).mean()),
    )


def _order(predictor: str) -> tuple[bool, int, str]:
    return view_of(predictor)[0] == "output", -(level_of(predictor) or 0), predictor


def _rate(name: str, hits: NDArray[np.float64], photos: Sequence[str]) -> Rate:
    """A mean with its interval: pieces of one photograph are resampled together."""
    pairs = zip(photos, hits.tolist(), strict=True)
    by_photo = [[hit for _, hit in some] for _, some in groupby(pairs, key=lambda pair: pair[0])]
    interval = over_images(by_photo)
    low, high = (min(1.0, max(-1.0, bound)) for bound in interval[1:3] if bound is not None)
    return Rate(name=name, rate=float(hits.mean()), low=low, high=high)
