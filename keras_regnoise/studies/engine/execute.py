"""Runs a plan: the search in this process, its cells in others."""

import shutil
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras_regnoise.studies._quiet import quiet_imports
from keras_regnoise.studies.engine.cluster import Workers, open_pool
from keras_regnoise.studies.engine.lock import lock_run
from keras_regnoise.studies.engine.plan import Plan
from keras_regnoise.studies.run import Run, refuse_foreign

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.search import Progress

MakeOracle = Callable[[Run], Any]


def execute(
    plan: Plan,
    workers: Workers,
    progress: "Progress",
    timeout_s: float | None = None,
    make_oracle: MakeOracle | None = None,
) -> Run:
    """Train what is not done yet.

    Args:
        plan: What to train.
        workers: Where.
        progress: Told what there is to tell.
        timeout_s: Seconds after which the run ends and can be resumed, or None.
        make_oracle: Makes the keras-tuner oracle that says what is trained; by default
            it enumerates the plan's cells.

    Returns:
        The run, as it is now.

    Raises:
        FolderError: If the folder can't be used; `WriteError` if there is no room.
        ClusterError: If the workers can't go on.
        TimeLimitError: After `timeout_s`.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    refuse_foreign(plan.directory)
    with lock_run(plan.directory):
        run = plan.begin()
        if plan.retry_failed:
            _forget_failures(run, every=make_oracle is not None)
            run = Run.open(plan.directory)
        chosen = set(run.manifest.chosen)
        progress.ended({r.cell: r for r in run.records if r.cell in chosen})
        ended = {record.cell for record in run.records}
        if make_oracle is not None or chosen - ended:
            _search(run, workers, progress, deadline, make_oracle)
    return Run.open(plan.directory)


def _search(
    run: Run,
    workers: Workers,
    progress: "Progress",
    deadline: float | None,
    make_oracle: MakeOracle | None,
) -> None:
    with open_pool(workers, run.logs) as pool:
        pool.warm_up(workers.count)
        with quiet_imports(run.logs / "search.log"):
            from keras_regnoise.studies.engine.search import CellTuner
            from keras_regnoise.studies.engine.trials import enumerated

        if workers.dashboard:
            progress.say(f"Dask's dashboard: {pool.dashboard}")
        oracle = (make_oracle or enumerated)(run)
        CellTuner(oracle, run, pool, progress, deadline).search()


def _forget_failures(run: Run, every: bool) -> None:
    """Let cells that failed begin anew, without what they left behind."""
    for record in run.failed:
        if every or record.cell in run.manifest.chosen:
            run.forget(record.cell)
            shutil.rmtree(run.backup_of(record.cell), ignore_errors=True)
