import pytest

pytest.importorskip("keras_tuner")

import keras_tuner

from keras_regnoise.tuning.oracle import EnumeratedOracle

TRIALS = {name: {"rate": 0.1 * n} for n, name in enumerate("abcd")}
OBJECTIVE = keras_tuner.Objective("val_accuracy", "max")


def end(oracle, trial, status="COMPLETED", value=0.5):
    if status == "COMPLETED":
        oracle.update_trial(trial.trial_id, {"val_accuracy": value})
    trial.status = status
    oracle.end_trial(trial)


def drain(oracle, tuner="tuner0", **options):
    names = []
    while (trial := oracle.create_trial(tuner)).status == "RUNNING":
        names.append(trial.trial_id)
        end(oracle, trial, **options)
    return names


def test_every_trial_once_in_order():
    oracle = EnumeratedOracle(TRIALS, OBJECTIVE)
    trial = oracle.create_trial("tuner0")
    assert (trial.trial_id, trial.hyperparameters.values) == ("a", {"rate": 0.0})
    end(oracle, trial)
    assert drain(oracle) == ["b", "c", "d"]


def test_what_is_done_is_not_handed_out_and_counts_for_the_best():
    done = {"a": {"val_accuracy": 0.9, "loss": 1.0}, "c": {"val_accuracy": 0.1}}
    oracle = EnumeratedOracle(TRIALS, OBJECTIVE, done)
    assert drain(oracle) == ["b", "d"]
    best = [trial.trial_id for trial in oracle.get_best_trials(4)]
    assert best[0] == "a"
    assert best[-1] == "c"


def test_many_failures_in_a_row_do_not_end_the_search():
    trials = {str(n): {"n": n} for n in range(20)}
    oracle = EnumeratedOracle(trials, OBJECTIVE)
    assert drain(oracle, status="FAILED") == list(trials)


def test_a_tuner_that_comes_back_gets_its_trial_again():
    oracle = EnumeratedOracle(TRIALS, OBJECTIVE)
    first = oracle.create_trial("worker0").trial_id
    assert oracle.create_trial("worker1").trial_id != first
    assert oracle.create_trial("worker0").trial_id == first


def test_the_end_of_a_trial_is_told():
    told = []
    oracle = EnumeratedOracle(TRIALS, OBJECTIVE, on_end=told.append)
    drain(oracle)
    assert told == list(TRIALS)


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    oracle = EnumeratedOracle(TRIALS, OBJECTIVE)
    oracle._set_project_dir(tmp_path, ".")
    drain(oracle)
    oracle.save()
    assert not any(tmp_path.iterdir())


def test_minimized_objective():
    oracle = EnumeratedOracle(TRIALS, keras_tuner.Objective("val_loss", "min"))
    for value in (0.4, 0.1, 0.3, 0.2):
        trial = oracle.create_trial("tuner0")
        oracle.update_trial(trial.trial_id, {"val_loss": value})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    assert [t.trial_id for t in oracle.get_best_trials(2)] == ["b", "d"]


def test_a_trial_that_waits_is_put_first():
    oracle = EnumeratedOracle(TRIALS, OBJECTIVE)
    assert oracle.waiting == list(TRIALS)
    first, *_, last = TRIALS
    oracle.put_first(last)
    assert oracle.create_trial("tuner0").trial_id == last
    assert oracle.waiting[0] == first
