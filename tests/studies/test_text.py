import pytest

from keras_regnoise.studies._text import clean_line, clean_text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain, ä → 漢 😀", "plain, ä → 漢 😀"),
        ("two\n\tlines\r\nand\rthree", "two\n\tlines\nand\nthree"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bc\x1b(Breset", "reset"),
        ("cut off \x1b", "cut off "),
        ("cut off \x1b]0;title", "cut off "),
        ("a\x00b\x07c\x7fd\x85e", "abcde"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("not \ufffe XML", "not \ufffd XML"),
        ("abc\u202edcba\u2066", "abcdcba"),
    ],
)
def test_what_a_terminal_would_act_on_is_taken_out(text, cleaned):
    assert clean_text(text) == cleaned
    assert clean_text(cleaned) == cleaned
    cleaned.encode("utf-8")


def test_every_control_character_goes():
    every = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
    assert clean_text(f"a{every}b").strip("ab") in ("\t\n\n", "\t\n")
    for character in every.replace("\t", "").replace("\n", "").replace("\r", ""):
        assert character not in clean_text(f"a{character}b")


def test_a_line_is_one_line():
    assert clean_line("Dropout\r\n\t 0.1\u2028 x\x1b[2J") == "Dropout 0.1 x"
    assert clean_line("two  blanks stay") == "two  blanks stay"
