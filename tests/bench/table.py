"""Put what was measured into lines, and the lines into docs/performance.md."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from msgspec import Struct

from tests.bench.runs import Run

COLUMNS: Final = (
    "job",
    "c",
    "floor",
    "haven",
    "x floor min / median / max",
    "rps",
    "p50",
    "p99",
    "statements",
    "WAL",
    "client",
    "errors",
)
MARK: Final = "<!-- newest first -->"


class Rep(Struct, frozen=True):
    """What one repetition of one job at one number of clients came to; seconds are of one job."""

    floor_database_s: float
    floor_http_s: float
    haven: Run
    wal_bytes: int

    @property
    def floor_s(self) -> float:
        return self.floor_database_s + self.floor_http_s

    @property
    def haven_s(self) -> float:
        return self.haven.cpu_s / max(1, self.haven.jobs)

    @property
    def ratio(self) -> float:
        return self.haven_s / self.floor_s


class Cell(Struct, frozen=True):
    """Every repetition of one job at one number of clients."""

    job: str
    clients: int
    statements: float
    reps: list[Rep]

    def line(self) -> list[str]:
        """Return the texts of `COLUMNS`. Processor time is in seconds for 1,000 jobs, latencies in ms, WAL in bytes."""
        ratios = [rep.ratio for rep in self.reps]
        havens = [rep.haven for rep in self.reps if rep.haven.jobs]
        latencies = sorted(each for rep in self.reps for each in rep.haven.latencies_s)
        cuts = quantiles(latencies, n=100)
        return [
            self.job,
            str(self.clients),
            _parts([(rep.floor_database_s, rep.floor_http_s) for rep in self.reps]),
            _parts([(each.database_cpu_s / each.jobs, each.server_cpu_s / each.jobs) for each in havens]),
            f"{min(ratios):.2f} / **{median(ratios):.2f}** / {max(ratios):.2f}",
            f"{median(rep.haven.jobs / rep.haven.took_s for rep in self.reps):.0f}",
            f"{cuts[49] * 1000:.1f}",
            f"{cuts[98] * 1000:.1f}",
            f"{self.statements:g}",
            f"{median(rep.wal_bytes / max(1, rep.haven.jobs) for rep in self.reps):.0f}",
            f"{median(rep.haven.client_cpu_s / rep.haven.cpu_s for rep in self.reps):.2f}",
            str(sum(rep.haven.errors for rep in self.reps)),
        ]


def _parts(pairs: list[tuple[float, float]]) -> str:
    """Return the median of the sums, and those of the database's and the server's part, for 1,000 jobs."""
    whole, database, server = (
        median(seconds) * 1000 for seconds in zip(*((sum(pair), *pair) for pair in pairs), strict=True)
    )
    return f"{whole:.2f} ({database:.2f} + {server:.2f})"


def table(cells: list[Cell]) -> str:
    """Return the table of all jobs."""
    return markdown(COLUMNS, [cell.line() for cell in cells])


def markdown(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    rows = [columns, ["---"] * len(columns), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def record(document: Path, section: str) -> None:
    """Put a section above the older ones."""
    text = document.read_text(encoding="utf-8")
    before, mark, after = text.partition(MARK)
    if not mark:
        raise ValueError(f"{document} lacks the line {MARK}")
    document.write_text(f"{before}{mark}\n\n{section.strip()}\n{after}", encoding="utf-8")
