"""Wrong calls end with the exit code of docs/reference/exit-codes.md and say what to do, as text and as JSON."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from liuke.app.cli import main
from liuke.store.workspace import Workspace

WRONG_CALL, WRONG_SETTINGS, REFUSED_DATA, LOCKED, A_BUG = 2, 3, 4, 5, 70

MAPPING = """\
language: 1
source: till
files: sales-*.csv
format: csv
zone: Asia/Shanghai
currency: CNY
columns:
  day: {type: date, required: true}
  paid: {type: decimal, required: true}
key: receipt
occurred: day
identity: {namespace: card, key: card}
emit:
  - table: orders
    fields: {order_key: receipt, channel: {const: store}}
  - table: order_facts
    fields: {order_key: receipt, fact: {const: paid}, amount: paid}
"""
GOOD = "receipt,card,day,paid\nR1,K1,2026-01-05,10.00\nR2,K2,2026-01-06,20.00\nR3,K1,2026-02-05,30.00\n"
BAD = "receipt,card,day,paid\nR4,K1,2026-03-05,10.00\nR5,K2,soon,20.00\nR6,K1,later,30.00\n"


def make_shop(shell: Any, path: Path) -> Path:
    shell.json("init", str(path))
    (path / "sources" / "till.yaml").write_text(MAPPING, encoding="utf-8")
    (path / "inbox").mkdir(exist_ok=True)
    (path / "inbox" / "sales-1.csv").write_text(GOOD, encoding="utf-8")
    shell.json("ingest", "-w", str(path))
    return path


@pytest.fixture(scope="module")
def ready(shell: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with three receipts; tests leave it as it is."""
    return make_shop(shell, tmp_path_factory.mktemp("cli") / "shop")


@pytest.fixture
def own(ready: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may spoil; a test that only looks takes ``ready``."""
    return Path(shutil.copytree(ready, tmp_path / "shop"))


@pytest.mark.parametrize(
    "words",
    [
        ["ingest"],
        ["run"],
        ["status"],
        ["serve"],
        ["evaluate", "churn"],
        ["tags", "list"],
        ["lake", "tables"],
        ["quarantine", "list"],
        ["users", "list"],
    ],
    ids=" ".join,
)
def test_no_workspace(shell: Any, tmp_path: Path, words: list[str]) -> None:
    error = shell.error(WRONG_SETTINGS, *words, "-w", str(tmp_path / "nowhere"))
    assert "no workspace" in error["message"]
    assert "liuke init" in error["hint"]
    assert not (tmp_path / "nowhere").exists()


def test_unknown_example(shell: Any, tmp_path: Path) -> None:
    error = shell.error(WRONG_CALL, "init", str(tmp_path / "shop"), "--example", "amazon")
    assert "amazon" in error["message"]
    assert "cdnow" in error["hint"]
    assert not (tmp_path / "shop").exists()


def test_a_workspace_stands_there_already(shell: Any, own: Path) -> None:
    before = (own / "liuke.toml").read_bytes(), (own / "secrets" / "key").read_bytes()
    error = shell.error(WRONG_SETTINGS, "init", str(own))
    assert str(own) in error["message"]
    assert before == ((own / "liuke.toml").read_bytes(), (own / "secrets" / "key").read_bytes())


@pytest.mark.parametrize("words", [["run"], ["evaluate", "churn"], ["tags", "show", "1"]], ids=" ".join)
@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "01/03/2026", "[/]"])
def test_no_date(shell: Any, ready: Path, words: list[str], day: str) -> None:
    error = shell.error(WRONG_CALL, *words, "-w", str(ready), "--as-of", day)
    assert f"'{day}' is no date" in error["message"]


def test_a_day_in_the_future(shell: Any, ready: Path) -> None:
    day = (date.today() + timedelta(days=3)).isoformat()
    error = shell.error(WRONG_CALL, "run", "-w", str(ready), "--as-of", day)
    assert f"{day} lies in the future" in error["message"]
    assert shell.json("status", "-w", str(ready))["as_of"] is None


@pytest.mark.parametrize(
    "words", [["ingest"], ["run", "--as-of", "2026-03-01"], ["quarantine", "release"]], ids=" ".join
)
def test_another_process_is_writing(shell: Any, ready: Path, words: list[str]) -> None:
    with Workspace.open(ready).lock("the test"):
        error = shell.error(LOCKED, *words, "-w", str(ready))
    assert str(os.getpid()) in error["message"]
    assert "the test" in error["message"]
    assert error["retryable"] is True


def test_reading_needs_no_lock(shell: Any, ready: Path) -> None:
    with Workspace.open(ready).lock("the test"):
        assert shell.json("status", "-w", str(ready))["tables"]["orders"] == 3


def test_a_file_that_is_mostly_broken_changes_nothing(shell: Any, own: Path) -> None:
    (own / "inbox" / "sales-2.csv").write_text(BAD, encoding="utf-8")
    at = ("-w", str(own))
    before = shell.json("lake", "history", "orders", *at), shell.json("status", *at)["tables"]
    report = shell.json("ingest", *at, exit_code=REFUSED_DATA)
    [refused] = report["refused"]
    assert (refused["source"], refused["file_key"]) == ("till", "sales-2.csv")
    assert "2 of 3" in refused["message"]
    assert "max_bad_share" in refused["hint"]
    assert (report["loads"], report["unchanged"]) == ([], 1)
    assert before == (shell.json("lake", "history", "orders", *at), shell.json("status", *at)["tables"])
    assert shell.json("quarantine", "list", *at) == {"counts": [], "rows": []}
    text = shell.call("ingest", *at)
    assert text.exit_code == REFUSED_DATA
    assert "refused till: sales-2.csv: " + refused["message"] in text.stdout
    # put right, it is read
    (own / "inbox" / "sales-2.csv").write_text(BAD.replace("soon", "2026-03-06"), encoding="utf-8")
    mended = shell.json("ingest", *at)
    assert [(one["loaded"], sum(one["quarantined"].values())) for one in mended["loads"]] == [(2, 1)]


@pytest.mark.parametrize(
    ("line", "broken", "named"),
    [
        ("port = 8420", "port = 99999", "server.port"),
        ("port = 8420", 'port = "[/]"', "server.port"),
        ("port = 8420", "prot = 8420", "server.prot"),
        ("[server]", "[sever]", "sever"),
        ("port = 8420", "port = ", "line"),
    ],
    ids=["out of bounds", "no number", "unknown key", "unknown section", "no TOML"],
)
def test_settings_that_cannot_be_used(shell: Any, own: Path, line: str, broken: str, named: str) -> None:
    path = own / "liuke.toml"
    text = path.read_text(encoding="utf-8")
    assert line in text
    path.write_text(text.replace(line, broken), encoding="utf-8")
    error = shell.error(WRONG_SETTINGS, "status", "-w", str(own))
    assert str(path) in error["message"]
    assert named in error["message"]


def test_a_mapping_that_cannot_be_used(shell: Any, own: Path) -> None:
    (own / "sources" / "till.yaml").write_text(MAPPING.replace("occurred: day", "occured: day"), encoding="utf-8")
    error = shell.error(WRONG_SETTINGS, "ingest", "-w", str(own))
    assert "till.yaml" in error["message"]
    assert "occured" in error["message"]


@pytest.mark.parametrize("customer", ["1", "K1", "[/]"])
def test_an_unknown_customer(shell: Any, ready: Path, customer: str) -> None:
    error = shell.error(WRONG_CALL, "tags", "show", customer, "-w", str(ready))
    assert customer in error["message"]


def test_an_unknown_table(shell: Any, ready: Path) -> None:
    for words in (["lake", "history"], ["lake", "lineage"]):
        error = shell.error(WRONG_CALL, *words, "purchases", "-w", str(ready))
        assert "purchases" in error["message"]


def test_nothing_to_learn_from_yet(shell: Any, tmp_path: Path) -> None:
    shell.json("init", str(tmp_path / "empty"))
    error = shell.error(WRONG_CALL, "evaluate", "churn", "-w", str(tmp_path / "empty"))
    assert "no orders" in error["message"]
    assert "liuke ingest" in error["hint"]


def test_the_console_wants_a_user_and_stays_on_this_machine(shell: Any, ready: Path) -> None:
    assert "liuke users add" in shell.error(WRONG_CALL, "serve", "-w", str(ready))["hint"]
    assert "--expose" in shell.error(WRONG_CALL, "serve", "-w", str(ready), "--host", "0.0.0.0")["hint"]


def test_the_doctor_is_content(shell: Any, ready: Path) -> None:
    found = {one["name"]: one for one in shell.json("doctor", "-w", str(ready), exit_code=_pages())["checks"]}
    assert [name for name, one in found.items() if not one["ok"] and name != "console pages"] == []
    assert found["mappings"]["found"] == "1 find 1 files"


def _pages() -> int:
    """Return what the doctor ends with where only the console's pages may be missing."""
    from liuke.app.http import console_is_built

    return 0 if console_is_built() else 1


@pytest.mark.skipif(os.name != "posix", reason="optional: file modes are POSIX's")
def test_the_doctor_finds_what_is_wrong_with_the_key(shell: Any, own: Path) -> None:
    key = own / "secrets" / "key"
    key.chmod(0o644)
    assert "chmod 600" in failed(shell, own)["key"]["hint"]
    key.unlink()
    found = failed(shell, own)["key"]
    assert str(key) in found["found"]
    assert "backup" in found["hint"]


def test_the_doctor_finds_definitions_that_cannot_be_used(shell: Any, own: Path) -> None:
    (own / "sources" / "till.yaml").write_text(MAPPING.replace("language: 1", "language: [1"), encoding="utf-8")
    (own / "tags" / "own.yaml").write_text("nonsense: true\n", encoding="utf-8")
    (own / "strategies" / "own.yaml").write_text("nonsense: true\n", encoding="utf-8")
    found = failed(shell, own)
    assert found.keys() - {"console pages"} == {"mappings", "tag own.yaml", "strategy own"}
    assert all("own.yaml" in found[name]["found"] for name in ("tag own.yaml", "strategy own"))


def test_the_doctor_finds_no_workspace(shell: Any, tmp_path: Path) -> None:
    assert "liuke init" in failed(shell, tmp_path)["workspace"]["hint"]


def failed(shell: Any, workspace: Path) -> dict[str, dict[str, Any]]:
    """Return the doctor's findings that ask for something; it says them as text too, without a traceback."""
    text = shell.call("doctor", "-w", str(workspace))
    assert text.exit_code == 1
    assert "Traceback" not in text.output
    checks = [one for one in shell.json("doctor", "-w", str(workspace), exit_code=1)["checks"] if not one["ok"]]
    for one in checks:
        assert one["hint"] in text.stdout
    return {one["name"]: one for one in checks}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--bogus"], "--bogus"),
        (["nonsense"], "'nonsense'"),
        (["demo", "--customers", "5"], "--customers"),
        (["tags", "show"], "customer"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_call_that_no_command_understands(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["liuke", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == WRONG_CALL
    assert message in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["liuke", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == WRONG_CALL
    error = json.loads(capsys.readouterr().out)["error"]
    assert message in error["message"]
    assert "--help" in error["hint"]


def test_the_exit_code_reaches_the_shell(ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for workspace, code in ((ready, 0), (tmp_path / "nowhere", WRONG_SETTINGS)):
        for end in ([], ["--json"]):
            monkeypatch.setattr("sys.argv", ["liuke", "status", "-w", str(workspace), *end])
            with pytest.raises(SystemExit) as ended:
                main()
            assert ended.value.code == code


def test_a_bug_is_told_without_a_traceback(
    shell: Any, ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("of [/] all things")

    monkeypatch.setattr("liuke.app.cli.run.shop_status", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    text = shell.call("status", "-w", str(ready))
    assert text.exit_code == A_BUG
    assert "ZeroDivisionError: of [/] all things" in text.stderr
    assert "Traceback" not in text.output
    error = shell.json("status", "-w", str(ready), exit_code=A_BUG)["error"]
    assert "ZeroDivisionError: of [/] all things" in error["message"]
    details = sorted(tmp_path.glob("liuke-crash-*.log"))
    assert len(details) == 2
    assert all("Traceback" in path.read_text(encoding="utf-8") for path in details)
    assert any(str(path) in error["hint"] for path in details)


def test_json_is_the_whole_of_standard_output(shell: Any, ready: Path) -> None:
    result = shell.call("run", "-w", str(ready), "--as-of", "2026-03-01", "--json")
    assert json.loads(result.stdout)["as_of"] == "2026-03-01"
