from keras_regnoise.cli.table import format_table

LONG = "a sentence of many words that is longer than the terminal is wide"


def test_columns_are_as_wide_as_what_is_in_them():
    rows = [{"arm": "none", "n": 1}, {"arm": "RotationOut 0.4", "n": 12}]
    assert format_table(rows, 80).splitlines() == [
        "arm              n",
        "---------------  --",
        "none             1",
        "RotationOut 0.4  12",
    ]


def test_the_widest_columns_are_wrapped_and_lose_no_word():
    rows = [{"study": "keep-rate", "title": LONG, "arms": 21}]
    lines = format_table(rows, 50).splitlines()
    assert max(map(len, lines)) <= 50
    assert [
        word for word in " ".join(lines[2:]).split() if word in LONG
    ] == LONG.split()


def test_a_terminal_of_no_width_still_gets_a_table():
    assert "keep-rate" in format_table([{"study": "keep-rate", "title": LONG}], 1)


def test_values_are_cleaned():
    assert "\x1b" not in format_table([{"arm": "\x1b[31ma\nb", "n": None}], 80)


def test_no_rows_are_no_table():
    assert format_table([], 80) == ""


def test_many_columns_stand_closer():
    row = {f"column {number}": "123456" for number in range(8)}
    for width, gap in ((80, "  "), (79, "  "), (78, "  "), (77, " "), (71, " ")):
        line = format_table([row], width).splitlines()[2]
        assert line == gap.join(text.ljust(8) for text in row.values()).rstrip()


def test_what_stands_above_a_row_goes_across_all_columns():
    rows = [{"scale": "smoke"}, {"scale": "paper"}]
    assert format_table(rows, 12, {1: "a title of words"}).splitlines() == [
        "scale",
        "-----",
        "smoke",
        "a title of",
        "words",
        "paper",
    ]
