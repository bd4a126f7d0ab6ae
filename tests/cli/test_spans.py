import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.cli.spans import parse_span
from lass.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.2-4.0", (3.2, 4.0)),
        ("0-1", (0.0, 1.0)),
        (".5-1.", (0.5, 1.0)),
        (" 1:05 - 1:07.25 ", (65.0, 67.25)),
        ("59-1:00", (59.0, 60.0)),
        ("1:00:00-1:00:01", (3600.0, 3601.0)),
        ("90-100", (90.0, 100.0)),
    ],
)
def test_spans(text, expected):
    assert parse_span(text) == expected


@pytest.mark.parametrize(
    "text", ["", "3", "3-", "-3", "a-b", "3--4", "4-3", "3-3", "1:2:3:4-5", "nan-inf", "1e3-2e3"]
)
def test_what_is_no_span(text):
    with pytest.raises(ConfigError, match="the span"):
        parse_span(text)


@given(st.text(max_size=12))
def test_any_text_is_a_span_or_one_error(text):
    try:
        start, end = parse_span(text)
    except ConfigError:
        return
    assert 0 <= start < end
