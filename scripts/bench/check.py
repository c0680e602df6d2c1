"""Compares the factors of a new run with those that docs/benchmarks.md records."""
import re
from typing import NamedTuple

LABELS = ("model", "configuration", "prefilter", "batch", "program")
SPREAD = "factor, lowest to highest repetition"
# A factor may fall by the spread of its repetitions, and by at least this, without a real change.
LEAST, LEAST_OF_ONE = 0.05, 0.10  # with several repetitions, with one


class Factor(NamedTuple):
    value: float
    spread: float  # (highest - lowest repetition) / value
    repetitions: int


class Check(NamedTuple):
    fallen: list  # one sentence each
    compared: int
    not_measured: list  # recorded, but not in this run


def factors(text):
    """{labels: Factor} for every numeric entry of a column "factor" in a table."""
    found, header = {}, None
    for line in text.splitlines():
        if not line.startswith("|"):
            header = None
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if header is None:
            header = cells
            continue
        row = dict(zip(header, cells))
        if not re.fullmatch(r"[0-9.]+", row.get("factor", "")):
            continue
        value, spread = float(row["factor"]), 0.0
        if SPREAD in row:
            low, high = map(float, row[SPREAD].split(" to "))
            spread = (high - low) / value
        labels = tuple(f"{label} {row[label]}" for label in LABELS if label in row)
        found[labels] = Factor(value, spread, int(row.get("repetitions", 1)))
    return found


def noise(*sides):
    """Largest fall, as a fraction, that may be noise."""
    least = LEAST if all(side.repetitions > 1 for side in sides) else LEAST_OF_ONE
    return max(least, *(side.spread for side in sides))


def compare(recorded, measured):
    """Compares the texts of two versions of a section."""
    before, now = factors(recorded), factors(measured)
    both = [labels for labels in before if labels in now]
    fallen = []
    for labels in both:
        old, new = before[labels], now[labels]
        allowed = noise(old, new)
        if new.value < old.value * (1 - allowed):
            fallen.append(f"{', '.join(labels)}: factor {new.value:g}, recorded {old.value:g} "
                          f"({100 * (1 - new.value / old.value):.0f} % less, "
                          f"{100 * allowed:.0f} % is noise)")
    return Check(fallen, len(both), [", ".join(labels) for labels in before if labels not in now])


def section(page, name):
    """The text between the markers of a section; "" if there is none."""
    found = re.search(f"<!-- begin {name} -->\n(.*?)\n<!-- end {name} -->", page, re.DOTALL)
    return found[1] if found else ""


def same_conditions(recorded, facts):
    """How the conditions of the recorded factors differ; "" if they agree."""
    for what, text in (("processor", f"{facts['processor']}, {facts['cores']} cores"),
                       ("threads", f"{facts['threads']} threads each"),
                       ("dataset", f"sha256 {facts['dataset'][:12]}")):
        if text not in recorded:
            return f"another {what} was recorded than \"{text}\""
    return ""


def verdict(page, sections, facts):
    """Lines to print, and the exit code: 1 if a factor fell, 2 if nothing could be compared."""
    lines, compared, fallen = [], 0, 0
    for name, measured in sections.items():
        recorded = section(page, name)
        if why := same_conditions(recorded, facts) if recorded else "nothing was recorded":
            lines.append(f"bench: {name}: not compared: {why}")
            continue
        result = compare(recorded, measured)
        lines += [f"bench: fell: {text}" for text in result.fallen]
        if result.not_measured:
            lines.append(f"bench: {name}: {len(result.not_measured)} recorded factors were not "
                         "measured now")
        compared += result.compared
        fallen += len(result.fallen)
    lines.append(f"bench: {compared} factors compared, {fallen} fell by more than noise")
    return lines, 1 if fallen else 0 if compared else 2
