"""Engines: ways of carrying out many trials, here or elsewhere."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.synchronize import Event as SharedFlag
from typing import Any

from nekogao.errors import ConfigError, RunError
from nekogao.studies.trial import Outcome, Trial, carry_out
from nekogao.training.allocator import keep_freed_memory

Maybe = Outcome | None
"""What came out of a trial; None where it was stopped."""
Stop = Callable[[], bool]

_STATISTICS = "RAY_USAGE_STATS_ENABLED"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_POLL = 0.2
"""Seconds between two looks at whether to stop."""


def local(trials: Sequence[Trial], workers: int, stop: Stop) -> Iterator[Maybe]:
    """Carry trials out in worker processes of this machine; outcomes come as they are ready.

    Raises RunError where a worker was killed, and whatever carry_out raises.
    """
    if workers == 1:
        yield from (carry_out(trial, stop) for trial in trials if not stop())
        return
    context = multiprocessing.get_context("spawn")
    asked = context.Event()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(asked,))
    try:
        with _signals_held():
            pending = {pool.submit(_in_worker, trial) for trial in trials}
        while pending:
            if stop():
                asked.set()
                pending -= {future for future in pending if future.cancel()}
            done, pending = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
            yield from map(_result, done)
    finally:
        asked.set()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold signals back, in this process and in those that it starts meanwhile.

    A terminal sends Ctrl-C to the workers too: it must not end one that is still starting.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _result(future: Future[Maybe]) -> Maybe:
    try:
        return future.result()
    except BrokenProcessPool:
        raise RunError(
            "a worker process was killed, perhaps for want of memory. The same command resumes; "
            "use fewer --workers."
        ) from None


_asked: SharedFlag | None = None
"""In a worker: whether the study asked to stop."""


def _begin(asked: SharedFlag) -> None:
    """Prepare a worker: the study alone decides when it stops, and it does not outlive it."""
    global _asked
    _asked = asked
    keep_freed_memory()
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_end_with_the_study, daemon=True).start()


def _end_with_the_study() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # As if killed: runs lose nothing by that, for their files are complete or absent.
        os._exit(1)


def _in_worker(trial: Trial) -> Maybe:
    assert _asked is not None
    return carry_out(trial, _asked.is_set)


def ray(trials: Sequence[Trial], workers: int, stop: Stop) -> Iterator[Maybe]:
    """Carry trials out as tasks of Ray, on the cluster of RAY_ADDRESS or on a local one.

    Every machine must see the study's folder under the same path. Raises ConfigError where Ray is
    not installed, and whatever carry_out raises.
    """
    cores = workers * max((trial.threads for trial in trials), default=1)
    with _cluster(cores) as cluster:
        flag = cluster.remote(num_cpus=0)(Flag).remote()
        task = cluster.remote(max_retries=0)(_on_cluster)
        pending = [task.options(num_cpus=t.threads).remote(t, flag) for t in trials]
        asked = False
        while pending:
            if stop() and not asked:
                cluster.get(flag.raise_.remote())
                asked = True
            done, pending = cluster.wait(pending, timeout=_POLL)
            yield from _gather(cluster, done)


def _gather(cluster: Any, done: list[Any]) -> Iterator[Maybe]:
    for reference in done:
        try:
            yield cluster.get(reference)
        except cluster.exceptions.RayTaskError as error:
            raise error.cause from None
        except cluster.exceptions.RayError as error:
            reason = " ".join(str(error).split())[:200]
            raise RunError(
                f"Ray lost a task ({reason}). The same command resumes there."
            ) from None


@contextmanager
def _cluster(cores: int) -> Iterator[Any]:
    """Ray, started or joined, and left again; the caller's handlers of signals stay."""
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    statistics = os.environ.get(_STATISTICS)
    os.environ.setdefault(_STATISTICS, "0")
    try:
        import ray as cluster
    except ImportError:
        raise ConfigError(
            "--engine ray: Ray is not installed. Install it with `pip install 'nekogao[cluster]'`."
        ) from None
    where = {} if "RAY_ADDRESS" in os.environ else {"address": "local", "num_cpus": cores}
    try:
        cluster.init(**where, include_dashboard=False, log_to_driver=False)
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)
        yield cluster
    finally:
        cluster.shutdown()
        if statistics is None:
            os.environ.pop(_STATISTICS, None)


class Flag:
    """An actor that asks tasks to stop."""

    def __init__(self) -> None:
        self.up = False

    def raise_(self) -> None:
        """Ask every task to stop."""
        self.up = True

    def is_up(self) -> bool:
        """Whether they were asked."""
        return self.up


def _on_cluster(trial: Trial, flag: Any) -> Maybe:
    import time

    import ray as cluster

    keep_freed_memory()
    seen, due = False, 0.0

    def asked() -> bool:
        nonlocal seen, due
        if not seen and time.monotonic() >= due:
            # Asking costs a message, so a second may pass between two updates' questions.
            seen, due = cluster.get(flag.is_up.remote()), time.monotonic() + 1
        return seen

    return None if asked() else carry_out(trial, asked)


ENGINES: dict[str, Callable[[Sequence[Trial], int, Stop], Iterator[Maybe]]] = {
    "local": local,
    "ray": ray,
}
"""Name on the command line -> the engine."""
