"""Measures searches of several users of one App server, while it updates and finds duplicates.

    make bench-users

One server holds a dataset of ``--size`` samples with an index of the demo's model. Chromium opens
the search panel and searches once; then ``--sessions`` clients send that message with queries of
their own, each with a pause of up to ``--pause`` seconds between the answer and the next query:

- alone: one client
- together: all clients
- with work: all clients for ``--seconds``, while the same server embeds new samples for the index
  and finds near-duplicates, one after the other, again and again

Without a browser per client, the times are those of the server. It measures the time from the
message to the whole answer, and the memory of the server. The index is the same one, so searches
meet the writer of the update.

It writes ``benchmarks/results/users.json`` and ``users.md``. It requires Debian's ``chromium``.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from bench_app import IMAGES, KEY, free_port, make_dataset, open_panel
from report import at_most, circumstances, header, number, save_json, table, targets_lines
from workspace import ROOT, open_workspace

sys.path.insert(0, str(ROOT / "tests"))
RESULTS = ROOT / "benchmarks" / "results"
SEED = 71
ALONE_S, TOGETHER_S = 20.0, 40.0
NEW_SAMPLES = 1_000
# A long job may delay a search by this much.
DELAY_MS = 200
MEGABYTE = 2**20

Message = dict[str, Any]


@dataclass
class Server:
    """The App's server: where messages go, and its process."""

    url: str
    process: psutil.Process
    peak: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def send(self, path: str, message: Message) -> bytes:
        """Sends a message, and returns the whole answer."""
        request = urllib.request.Request(
            f"{self.url}{path}", json.dumps(message).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:
            answer: bytes = response.read()
        return answer

    def call(self, message: Message, method: str, **params: Any) -> dict[str, Any]:
        """Calls a method of the panel that sent ``message``.

        Raises:
            RuntimeError: if it fails
        """
        changed = {**message, "params": {**message["params"], "__method__": method, **params}}
        answer = json.loads(self.send("/operators/execute", changed))
        if answer.get("error"):
            raise RuntimeError(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def watch_memory(self) -> None:
        """Records the largest memory until :meth:`close`."""
        while not self._ended.wait(0.2):
            self.peak = max(self.peak, self.process.memory_info().rss)

    def close(self) -> None:
        self._ended.set()


def search_message(page: Any) -> Message:
    """Searches in the panel once, and returns the message that it sent."""
    from support.search_panel import search

    def is_search(request: Any) -> bool:
        return "/operators/execute" in request.url and '"search"' in (request.post_data or "")

    with page.expect_request(is_search) as sent:
        search(page, "a red car", k=25)
    message: Message = sent.value.post_data_json
    return message


def times_of_clients(
    server: Server, message: Message, texts: list[str], count: int, seconds: float, pause: float
) -> list[float]:
    """Searches with ``count`` clients for some seconds; returns the times in ms."""
    times: list[float] = []
    errors: list[Exception] = []
    until = time.monotonic() + seconds

    def run(client: int) -> None:
        rng = np.random.default_rng([SEED, count, client])
        while time.monotonic() < until and not errors:
            time.sleep(rng.uniform(0, pause))
            query = texts[rng.integers(len(texts))]
            number = time.time_ns() // 1_000_000
            started = time.perf_counter()
            try:
                server.call(
                    message, "search", query=query, page=f"client {client}", search_id=number
                )
            except (OSError, RuntimeError) as error:
                errors.append(error)
            times.append(1000 * (time.perf_counter() - started))

    clients = [threading.Thread(target=run, args=(client,)) for client in range(count)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if errors:
        raise errors[0]
    return times


def work_until(server: Server, message: Message, dataset: Any, is_over: Callable[[], bool]) -> int:
    """Updates the index and finds duplicates in the server; returns how often."""
    import fiftyone as fo

    rounds = 0
    while not is_over():
        paths = dataset.limit(IMAGES).values("filepath")
        dataset.add_samples([fo.Sample(path) for path in paths[:NEW_SAMPLES]], progress=False)
        job = server.call(message, "update", brain_key=KEY)["id"]
        while _is_running(server, message, job):
            time.sleep(0.5)
        server.send(
            "/operators/execute/generator",
            {
                "operator_uri": "@fiftyone-faiss/similarity/find_near_duplicates",
                "params": {"brain_key": KEY},
                "dataset_name": dataset.name,
            },
        )
        rounds += 1
    return rounds


def _is_running(server: Server, message: Message, id: str) -> bool:
    jobs = server.call(message, "jobs", tracked=False)["jobs"]
    (job,) = [job for job in jobs if job["id"] == id]
    if job["state"] == "failed":
        raise RuntimeError(job["message"])
    return bool(job["state"] == "running")


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measures the three phases."""
    # FiftyOne reads the settings of the workspace when it is imported.
    import fiftyone as fo
    from playwright.sync_api import sync_playwright
    from support.browser import launch
    from support.search_panel import wait_until_ready

    from fiftyone_faiss.demo.phrases import queries

    texts = [query.text for query in queries()]
    dataset = make_dataset(folder, options.size)
    session = fo.launch_app(dataset, remote=True, port=free_port())
    time.sleep(15)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = open_panel(browser, session, dataset, "similarity_search_faiss")
        message = search_message(wait_until_ready(page))
        browser.close()
    server = Server(f"http://localhost:{session.server_port}", _listener(session.server_port))
    threading.Thread(target=server.watch_memory, daemon=True).start()
    phases: dict[str, Any] = {}

    def phase(name: str, count: int, seconds: float) -> None:
        waits = times_of_clients(server, message, texts, count, seconds, options.pause)
        memory = server.process.memory_info().rss
        phases[name] = {**_summary(waits), "clients": count, "memory_bytes": memory}
        print(name, phases[name], flush=True)

    phase("alone", 1, ALONE_S)
    phase("together", options.sessions, TOGETHER_S)
    until = time.monotonic() + options.seconds
    rounds: list[int] = []
    worker = threading.Thread(
        target=lambda: rounds.append(
            work_until(server, message, dataset, lambda: time.monotonic() > until)
        )
    )
    worker.start()
    phase("with work", options.sessions, options.seconds)
    worker.join()
    server.close()
    session.close()
    if not rounds:
        raise RuntimeError("The work on the server failed.")
    return {"phases": phases, "rounds": rounds[0], "peak_bytes": server.peak}


def _listener(port: int) -> psutil.Process:
    """The process that listens at a port."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"No process listens at port {port}.")


def _summary(times: list[float]) -> dict[str, Any]:
    p50, p95, p99 = np.percentile(times, [50, 95, 99])
    return {
        "count": len(times),
        "p50_ms": round(float(p50), 1),
        "p95_ms": round(float(p95), 1),
        "p99_ms": round(float(p99), 1),
        "max_ms": round(max(times), 1),
    }


def targets_of(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the targets and whether they are met."""
    together, work = measured["phases"]["together"], measured["phases"]["with work"]
    return [
        at_most(
            "ms that work adds to a search, p50", work["p50_ms"] - together["p50_ms"], DELAY_MS
        ),
        at_most(
            "ms that work adds to a search, p99", work["p99_ms"] - together["p99_ms"], DELAY_MS
        ),
    ]


def page_of(data: dict[str, Any]) -> str:
    """Returns the results as Markdown."""
    rows = [
        (
            name,
            str(phase["clients"]),
            str(phase["count"]),
            *(number(phase[f"{key}_ms"], 0) for key in ("p50", "p95", "p99", "max")),
            number(phase["memory_bytes"] / MEGABYTE, 0),
        )
        for name, phase in data["phases"].items()
    ]
    head = ("", "clients", "searches", "p50, ms", "p95", "p99", "longest", "memory after, MB")
    lines = [
        *header(f"Several users of one server, {data['size']:,} samples", data),
        *targets_lines(data["targets"]),
        *table(head, rows),
        f"The server updated the index with {NEW_SAMPLES:,} new samples and found near-duplicates "
        f"{data['rounds']} times. Its memory was at most {data['peak_bytes'] / MEGABYTE:,.0f} MB.",
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=20_000, help="number of samples")
    parser.add_argument("--sessions", type=int, default=8, help="number of clients")
    parser.add_argument("--seconds", type=float, default=120, help="seconds with work")
    parser.add_argument("--pause", type=float, default=2, help="longest pause of a client, seconds")
    options = parser.parse_args()
    data = circumstances(SEED, ("fiftyone", "faiss-cpu", "playwright"))
    folder = open_workspace()
    data |= {"size": options.size, **measure(folder, options)}
    data["targets"] = targets_of(data)
    save_json(RESULTS / "users.json", data)
    (RESULTS / "users.md").write_text(page_of(data))
    print(page_of(data))


if __name__ == "__main__":
    main()
