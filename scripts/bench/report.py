"""Turns samples into tables and writes them to a page."""
import statistics
import time

ASKED = {  # smallest factor per member to reach: (all sounds in a batch, one sound per step)
    ("linear", False): (10, 10), ("ln", False): (8, 8), ("nrf", False): (3, 3),
    ("dnet", False): (4, 4), ("conv2d", False): (2.5, 2.5), ("statenet", False): (5, 10),
    ("linear", True): (60, 60), ("ln", True): (50, 50), ("nrf", True): (20, 20),
    ("dnet", True): (18, 18), ("conv2d", True): (6, 6), ("statenet", True): (5, 10),
}


def table(header, rows):
    cells = [[str(cell) for cell in row] for row in rows]
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value):
    """Three digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def busy(facts, loads):
    # The benchmark's own threads are busy. More load comes from other work, which slows PyTorch's
    # threads far more than strffit's, because they synchronise in every operation.
    return max(loads) > facts["threads"] + 0.5


def judge(reached, facts, loads):
    """Whether a goal is reached; only a full measurement on a quiet machine can tell."""
    if facts["quick"] or busy(facts, loads):
        return "not judged"
    return "yes" if reached else "no"


def machine_line(facts, loads):
    version = ", ".join(facts["version"].splitlines())
    warning = ""
    if busy(facts, loads):
        warning = " **The machine was busy with other work: the figures and factors are wrong.**"
    if facts["quick"]:
        warning += " **A quick trial of the benchmark: no measurement.**"
    return (f"{facts['processor']}, {facts['cores']} cores, {facts['threads']} threads each; "
            f"{version} ({facts['commit']}); deepSTRF {facts['deepstrf']}, torch "
            f"{facts['torch']}, Python {facts['python']}; {facts['system']}; dataset "
            f"{facts['dataset_name']}, sha256 {facts['dataset'][:12]}; "
            f"{time.strftime('%Y-%m-%d', time.gmtime())}; load average while measuring "
            f"{min(loads):.1f} to {max(loads):.1f}.{warning}")


def epoch_row(samples, key, adaptrans, batch, asked, facts, loads):
    theirs = statistics.median(sample["deepstrf_ms"] for sample in samples)
    ours = statistics.median(sample[key] for sample in samples)
    factors = [sample["deepstrf_ms"] / sample[key] for sample in samples]
    return ["AdapTrans" if adaptrans else "none", "all" if batch == "all" else "1 sound",
            number(theirs), number(ours), number(theirs / ours), asked,
            judge(theirs / ours >= asked, facts, loads),
            f"{number(min(factors))} to {number(max(factors))}", len(samples)]


def epochs_section(state, kinds, cell_name, facts):
    loads = [sample["load"] for adaptrans in (False, True) for kind in kinds
             for batch in ("all", 1) for sample in state.samples(cell_name(kind, adaptrans, batch))]
    rows, sizes, command = [], [], ""
    for adaptrans in (False, True):
        for kind in kinds:
            for index, batch in enumerate(("all", 1)):
                samples = state.samples(cell_name(kind, adaptrans, batch))
                asked = ASKED[kind, adaptrans][index]
                configured = samples[-1]["configured_ms"] is not None
                rows.append([kind, "as published" if configured else "as published and configured",
                             *epoch_row(samples, "strffit_ms", adaptrans, batch, asked, facts,
                                        loads)])
                if configured:
                    rows.append([kind, f"configs/{kind}.yaml",
                                 *epoch_row(samples, "configured_ms", adaptrans, batch, asked,
                                            facts, loads)])
                command = samples[-1]["command"]
            sizes.append([kind, "AdapTrans" if adaptrans else "none",
                          samples[-1]["deepstrf_parameters"], samples[-1]["strffit_parameters"]])
    return "\n\n".join([
        "### One epoch",
        machine_line(facts, loads),
        table(["model", "configuration", "prefilter", "batch", "deepSTRF, ms an epoch of one unit",
               "strffit, ms an epoch per member", "factor", "asked", "reached",
               "factor, lowest to highest repetition", "repetitions"], rows),
        f"Last command: `{command}`",
        "Sizes of the models, learnt numbers for one unit:",
        table(["model", "prefilter", "deepSTRF", "strffit"], sizes)])


def study_section(tables, facts, title="Studies, start-up, memory"):
    loads = [load for entry in tables for load in entry["loads"]]
    parts = [f"### {title}", machine_line(facts, loads)]
    for entry in tables:
        rows = [[judge(cell, facts, entry["loads"]) if isinstance(cell, bool) else cell
                 for cell in row] for row in entry["rows"]]
        parts += [f"**{entry['title']}.** {entry['note']}", table(entry["header"], rows)]
    return "\n\n".join(parts)


def write(path, sections):
    """Replaces the text between the markers of each section; the rest is written by hand."""
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    for name, text in sections.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        block = f"{begin}\n{text}\n{end}"
        before, found, rest = page.partition(begin)
        if not found:
            page += block + "\n"
            continue
        _, closed, after = rest.partition(end)
        if not closed:
            raise SystemExit(f"{path}: \"{begin}\" without \"{end}\"; put it back")
        page = before + block + after
    path.write_text(page, encoding="utf-8")
