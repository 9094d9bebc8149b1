#!/usr/bin/env python3
"""Dice of cross-validated networks, and what each differs from the first by, with 95 % bootstrap intervals over groups.

    python3 docs/results/causes/compare.py out/small/m-a-augmented-seed1 out/small/m-augmented-seed1 ... [--folds 2 3]

Every folder holds results of folds (fold1.json ...), as `cross-validate --out` writes them; the slices that all networks were scored on
are compared. Foreground protocol, at the size of the masks: pixels of all slices are counted together. Several folders of one network
with other seeds are joined by "+": their pixels are counted together, and no seeds are drawn (`tables.md` averages and draws them). All
folds that are there, or those that are named.
"""
import argparse
import json
import pathlib
import random
import sys

CLASSES = {"infection": (1, 2, 3), "ground-glass opacity": (1,), "consolidation": (2,), "pleural effusion": (3,)}
DRAWS = 2000


def slices(folder, folds):
    files = sorted(pathlib.Path(folder).glob("fold*.json")) if not folds else [pathlib.Path(folder, f"fold{fold}.json") for fold in sorted(set(folds))]
    if not files or not all(file.exists() for file in files):
        sys.exit(f"There are no results of {'such' if folds else 'any'} folds in '{folder}'; give the folder of a network, such as out/small/m-augmented-seed1.")
    return {one["name"]: (one["group"], one["atMaskSize"]) for file in files for one in json.loads(file.read_text())["slices"]}


def network(folders, common):
    """By group, for each class: pixels that are of it in truth and prediction, in truth, in the prediction; summed over seeds."""
    counts = {}
    for folder in folders:
        for group, matrix in (folder[name] for name in common):
            of_group = counts.setdefault(group, [[0, 0, 0] for _ in CLASSES])
            for sums, members in zip(of_group, CLASSES.values()):
                for truth in range(4):
                    for predicted in range(4):
                        pixels = matrix[4 * truth + predicted]
                        sums[0] += pixels * (truth in members and predicted in members)
                        sums[1] += pixels * (truth in members)
                        sums[2] += pixels * (predicted in members)
    return counts


def dice(counts, groups):
    sums = [[sum(counts[group][row][column] for group in groups) for column in range(3)] for row in range(len(CLASSES))]
    return [2 * both / (truth + predicted) if truth + predicted else float("nan") for both, truth, predicted in sums]


def interval(values):
    values = sorted(value for value in values if value == value)
    return (values[int(0.025 * len(values))], values[int(0.975 * len(values)) - 1]) if values else (float("nan"),) * 2


def main(names, folds):
    folders = [[slices(folder, folds) for folder in name.split("+")] for name in names]
    common = sorted(set.intersection(*(set(folder) for seeds in folders for folder in seeds)))
    if not common:
        sys.exit("No slice was scored by all of the networks: give folders whose folds hold out the same ones.")
    networks = [network(seeds, common) for seeds in folders]
    groups = sorted(networks[0])
    print(f"{len(common)} slices of {len(groups)} groups")
    generator = random.Random(1)
    draws = [generator.choices(groups, k=len(groups)) for _ in range(DRAWS)]
    scores = [dice(counts, groups) for counts in networks]
    drawn = [[dice(counts, draw) for draw in draws] for counts in networks]
    for name, score, of_draws in zip(names, scores, drawn):
        print(name)
        for row, label in enumerate(CLASSES):
            low, high = interval([one[row] - first[row] for one, first in zip(of_draws, drawn[0])])
            print(f"  {label:22} {score[row]:.3f}   against the first {score[row] - scores[0][row]:+.3f} [{low:+.3f}, {high:+.3f}]")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", help="folders of networks; the first is what the others are compared with")
    parser.add_argument("--folds", nargs="+", type=int, help="only these")
    arguments = parser.parse_args()
    main(arguments.networks, arguments.folds)
