from pathlib import Path

from labeling.core.permissions import as_table

PAGE = Path(__file__).parents[2] / "docs" / "people.md"


def test_the_written_matrix_is_the_one_that_is_enforced():
    assert as_table() in PAGE.read_text(), (
        "Put this into docs/people.md in place of the old table:\n" + as_table()
    )
