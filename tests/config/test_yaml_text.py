import pytest

from circleci_usage.config.yaml_text import YamlError, parse_yaml

TEXT = """\
price: 0.00054
codes: [0471, 1e3, no, 2026-05-01, ~, "quoted"]
nothing:
list:
  - {from: a}
  -
    to: b
"""


def test_values_are_the_texts_that_were_written() -> None:
    assert parse_yaml(TEXT).value == {
        "price": "0.00054",
        "codes": ["0471", "1e3", "no", "2026-05-01", None, "quoted"],
        "nothing": None,
        "list": [{"from": "a"}, {"to": "b"}],
    }


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("price",), 1),
        (("codes", 2), 2),
        (("list", 0, "from"), 5),
        (("list", 1, "to"), 7),
        (("list", 1, "x"), 7),
    ],
)
def test_a_place_has_the_line_of_the_closest_key(place: tuple[str | int, ...], line: int) -> None:
    assert parse_yaml(TEXT).line(place) == line


def test_a_map_may_merge_another_one_and_override_some_of_it() -> None:
    merged = parse_yaml("a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\n  y: 3\nc:\n  <<: *b\n  x: 4\n")

    assert merged.value == {
        "a": {"x": "1", "y": "2"},
        "b": {"x": "1", "y": "3"},
        "c": {"x": "4", "y": "3"},
    }
    assert merged.line(("c", "x")) == 7


def test_an_empty_text_is_nothing() -> None:
    assert parse_yaml("# only a comment\n").value is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: duplicate key 'a'; remove one"),
        ("a: [1", "line 1: .*expected ',' or ']'"),
        ("\ta: 1", "line 1: .*cannot start any token"),
        ("a: 1\n---\nb: 2", "line 2: several YAML documents; remove the line ---"),
        ("a: !!python/object/apply:os.system [x]", "line 1: unknown tag !!python/object/apply:os"),
        ("a: !!float 0.1", "line 1: unknown tag !!float; remove it"),
        ("b: 1\na: !x 1", "line 2: unknown tag !x; remove it"),
        ("a: *unknown", "undefined alias"),
        ("? [a]\n: b", "line 1: a key must be a plain string"),
        ("a: \x00", "unacceptable character"),
        ("[" * 5_000, "nested more than 20 levels deep"),
    ],
)
def test_invalid_yaml_is_reported_with_its_line(text: str, message: str) -> None:
    with pytest.raises(YamlError, match=message):
        parse_yaml(text)
