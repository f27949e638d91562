"""Print the JSON Schema of the native format: `python -m exam_service.adapters.formats.schema`."""

import json
import sys

from exam_service.adapters.formats.native import schema

if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), ensure_ascii=False, indent=2) + "\n")
