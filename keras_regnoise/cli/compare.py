"""`compare DIR DIR`: the second run against the first."""

import argparse

from keras_regnoise.cli.arguments import Commands, add_directory, add_format
from keras_regnoise.cli.common import DONE, INCOMPLETE
from keras_regnoise.cli.report import show_rendered


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compare",
        help="the second run against the first, arm by arm",
        description="Compare two runs of a study, arm by arm and in pairs of equal "
        "seeds. Exit code 1 if an arm of the second is worse beyond its interval.",
    )
    add_directory(parser, "first")
    add_directory(parser, "second")
    add_format(parser)
    parser.add_argument(
        "--metric", help="another metric than the headline, such as best_test_accuracy"
    )
    parser.add_argument(
        "--direction",
        choices=("max", "min"),
        help="whether more or less of it is better (default: by the study or its name)",
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Compare two runs."""
    from keras_regnoise.studies import report
    from keras_regnoise.studies.engine.plan import reopen

    first, second = reopen(options.first), reopen(options.second)
    comparisons = report.compare(first, second, options.metric, options.direction)
    show_rendered(report.render(comparisons, first, options.format))
    worse = any(comparison.significantly_worse for comparison in comparisons)
    return INCOMPLETE if worse else DONE
