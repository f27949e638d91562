"""`python -m exam_service` and `exam-service`."""

from exam_service.cli.main import main

if __name__ == "__main__":
    main()
