"""Runs deliveries in processes that can be killed: reads a line per process to start, answers with its pid.

Everything is imported before the first fork, so that a new worker lives within milliseconds and kills hit the sending,
not the importing.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from liuke.engage.outreach import (
    READY_TEMPLATES,
    MessageKeys,
    Outreach,
    OutreachSettings,
    Recipient,
    TemplateLibrary,
    build_channels,
)
from liuke.kernel import ShopProfile
from liuke.store.operations import FieldCipher, Operations


class Everybody:
    """All may be contacted; addresses are made of ids, every 50th is one that the server refuses."""

    def may_contact(self, connection, customer_ids, purpose, channel, at):
        return set(customer_ids)

    def suppressed(self, connection, recipients, channel):
        return set()

    def suppress(self, connection, channel, addresses, reason, since):
        """Remember nothing: each dead address gets one message here."""

    def held_out(self, connection, experiment, customer_ids):
        return set()

    def look_up(self, connection, customer_ids, channel):
        return {n: Recipient(f"{'refused' if n % 50 == 0 else 'c'}{n}@example.org") for n in customer_ids}


def outreach_for(url: str, folder: str, settings: OutreachSettings) -> Outreach:
    everybody = Everybody()
    return Outreach(
        Operations(url),
        build_channels(settings, Path(folder)),
        TemplateLibrary([READY_TEMPLATES]),
        everybody,
        everybody,
        everybody,
        settings,
        ShopProfile(),
        lambda: datetime.now(UTC).replace(tzinfo=None),
        MessageKeys(FieldCipher(bytes(32))),
    )


def work(job: dict) -> None:
    """Deliver until nothing is open, asking the provider about what earlier deaths left in doubt."""
    outreach = outreach_for(job["url"], job["folder"], OutreachSettings.model_validate(job["settings"]))
    outreach.recover()
    while True:
        outreach.deliver(f"pid-{os.getpid()}")
        open_states = {"queued", "claimed", "sending", "unknown"}
        if not any(count.state in open_states for count in outreach.counts()):
            return
        time.sleep(0.05)
        outreach.recover()


def main() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                work(json.loads(line))
                code = 0
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
            os._exit(code)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
