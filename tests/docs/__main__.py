"""`make docs`: write the made parts of the documentation anew."""

from tests.docs.made import write

for page in write():
    print(page)  # noqa: T201
