"""What the report says of cells that are not alike."""

from dataclasses import replace

from keras_regnoise.studies.report.notes import mixed
from tests.studies.report.synthetic import toy


def of_seed(record):
    return replace(record, data={**record.data, "fingerprint": f"sha:{record.seed}"})


def test_cells_on_different_data_are_no_pairs():
    run = toy()
    assert mixed(run) == []
    other = replace(run, records=tuple(map(of_seed, run.records)))
    name = run.records[0].data["name"]
    (note,) = mixed(other)
    assert note == (
        f"The cells were trained on different data of one name, {name}, and are no "
        "pairs."
    )


def test_data_that_are_drawn_anew_differ_by_their_seed():
    run = toy(recipe={"redraw": True})
    assert mixed(replace(run, records=tuple(map(of_seed, run.records)))) == []
    first = of_seed(replace(run.records[0], seed=7))
    assert len(mixed(replace(run, records=(replace(first, seed=0), *run.records)))) == 1
