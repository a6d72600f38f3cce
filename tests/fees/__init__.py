import pytest

pytest.register_assert_rewrite("tests.fees.books", "tests.fees.money")
