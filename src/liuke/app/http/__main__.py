"""Print the API's schema: ``python -m liuke.app.http > web/openapi.json``."""

import sys

from liuke.app.http.app import openapi_text

sys.stdout.write(openapi_text())
