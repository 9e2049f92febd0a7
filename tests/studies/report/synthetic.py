"""Folders of runs that were never run: manifests and records."""

import copy

ENVIRONMENT = {
    "keras_regnoise": "0.1.0",
    "commit": "abc",
    "keras": "3.15.1",
    "backend": "tensorflow 2.21.0",
    "python": "3.11.7",
    "machine": "x86_64, 2 CPU cores",
    "device": "cpu",
    "precision": "float32",
    "jit": False,
}
DATA = {
    "name": "digits",
    "fingerprint": "sha256:0123456789abcdef0123",
    "train": 500,
    "validation": 297,
    "test": 1000,
}
# Differences to none: 0.02, 0.01, 0.03 and -0.05, -0.04, -0.06.
ACCURACIES = {
    "none": [0.90, 0.92, 0.94],
    "Dropout 0.1": [0.92, 0.93, 0.97],
    "Dropout 0.3": [0.85, 0.88, 0.88],
}


def arm(name, group=""):
    method, _, rate = name.rpartition(" ")
    values = {"noise": method, "rate": float(rate)} if method else {"noise": rate}
    return {"name": name, "group": group, "values": values, "data": ""}


def published(
    name, value, group="", metric="test_accuracy", spread=None, n=None, of=""
):
    return {
        "arm": name,
        "value": value,
        "group": group,
        "metric": metric,
        "spread": spread,
        "n": n,
        "of": of,
    }


def record(cell, accuracy, epochs=3):
    curve = [accuracy * (epoch + 1) / epochs for epoch in range(epochs)]
    return {
        "format": 1,
        "study": "toy",
        "scale": "short",
        "cell": cell["id"],
        "arm": cell["arm"],
        "group": cell["group"],
        "values": cell["values"],
        "seed": cell["seed"],
        "status": "done",
        "metrics": {
            "test_accuracy": accuracy,
            "best_test_accuracy": accuracy,
            "test_loss": 1 - accuracy,
        },
        "history": {"loss": [1 - a for a in curve], "val_accuracy": curve},
        "seconds": 2.0,
        "fit_seconds": 1.5,
        "attempts": 1,
        "error": None,
        "traceback": None,
        "environment": copy.deepcopy(ENVIRONMENT),
        "data": copy.deepcopy(DATA),
    }


def fail(records, index, message="ValueError: too wide"):
    lines = f'Traceback (most recent call last):\n  File "a.py", line 1\n{message}\n'
    records[index] |= {
        "status": "failed",
        "metrics": {},
        "history": {},
        "error": message,
        "traceback": lines,
        "attempts": 2,
    }


def folder(accuracies=None, groups=("",), scale="short", numbers=(), **description):
    """Return manifest and records: all arms of a seed, then the next seed."""
    accuracies = accuracies or ACCURACIES
    arms = [arm(name, group) for group in groups for name in accuracies]
    seeds = range(max(map(len, accuracies.values())))
    cells = [
        {
            "id": f"{a['group']}-{a['name']}-{seed}",
            "arm": a["name"],
            "group": a["group"],
            "values": a["values"],
            "seed": seed,
        }
        for seed in seeds
        for a in arms
    ]
    records = [
        record(cell, accuracies[cell["arm"]][cell["seed"]])
        for cell in cells
        if cell["seed"] < len(accuracies[cell["arm"]])
    ]
    manifest = {
        "format": 1,
        "study": "toy",
        "scale": scale,
        "recipe": {"epochs": 3, "batch_size": 50, "seeds": list(seeds), "arms": []},
        "description": {
            "name": "toy",
            "title": "Which noise?",
            "data": "digits",
            "arms": arms,
            "baseline": "none",
            "paper": "A paper (2019)" if numbers else "",
            "table": "Table 1" if numbers else "",
            "metric": "test_accuracy",
            "direction": "max",
            "published": list(numbers),
            "deviations": ["Digits in place of images."] if numbers else [],
            "x": "rate",
            "series": "noise",
            **description,
        },
        "cells": cells,
    }
    return manifest, records
