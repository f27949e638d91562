"""`python -m exam_service` and `exam-service`."""

import gc

# Nothing that is loaded is garbage, and looking for some takes a tenth of the start.
gc.disable()
from exam_service.cli.main import main  # noqa: E402

gc.enable()

if __name__ == "__main__":
    main()
