"""Data sets that are not here, said before anything is trained."""

import glob
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_regnoise.cli.common import complain
from keras_regnoise.studies.input_error import InputError

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.plan import Plan

_TOLD = 3  # sets of which everything is said


def with_data(plan: "Plan", anew: bool = False, retry_failed: bool = False) -> "Plan":
    """Return a plan of the arms whose data are here, and say which are not.

    Arms whose cells have all ended stay.

    Args:
        plan: What to train.
        anew: Whether cells that have ended don't count.
        retry_failed: Whether those that failed don't.

    Raises:
        InputError: If there is nothing to train without data that are not here.
    """
    from keras_regnoise import datasets
    from keras_regnoise.studies.run import stray_records

    cells = plan.study.cells(plan.scale, plan.arms, plan.seeds)
    of_arm = {str(cell.arm): cell.arm.data or plan.study.data for cell in cells}
    ended = {
        record.cell
        for record in stray_records(plan.directory)
        if not anew and (record.done or not retry_failed)
    }
    left = {str(cell.arm) for cell in cells if cell.id not in ended}
    needed = dict.fromkeys(data for arm, data in of_arm.items() if arm in left)
    folder = plan.options.data_dir or None
    missing = {
        name: text for name in needed if (text := datasets.missing(name, folder))
    }
    if not missing:
        return plan
    names, texts = list(missing), list(missing.values())
    if len(missing) == len(needed):
        more = f"\nAnd: {', '.join(names[_TOLD:])}." if names[_TOLD:] else ""
        raise InputError("\n".join(texts[:_TOLD]) + more)
    complain(
        f"{len(missing)} of {len(needed)} data sets are not here: {', '.join(names)}. "
        "Their arms are left out; run the same command again once they are. "
        f"{texts[0]}"
    )
    here = [
        arm for arm, data in of_arm.items() if arm not in left or data not in missing
    ]
    return replace(plan, arms=tuple(map(glob.escape, here)))
