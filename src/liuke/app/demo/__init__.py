"""The demo: a generated shop delivers files, the very same loop runs on them, and its customers answer."""

from liuke.app.demo.contracts import DemoReport, DemoSettings
from liuke.app.demo.demo import CURRENCY, Demo
from liuke.app.demo.record import DemoRecord
from liuke.app.demo.sign_in import DEMO_USER, SignIn, let_in, written_sign_in

__all__ = [
    "CURRENCY",
    "DEMO_USER",
    "Demo",
    "DemoRecord",
    "DemoReport",
    "DemoSettings",
    "SignIn",
    "let_in",
    "written_sign_in",
]
