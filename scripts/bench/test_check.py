"""Tests with made-up numbers that only factors that fell by more than noise are named."""
import unittest

import check
import report

FACTS = {"processor": "Maker 1", "cores": 2, "threads": 2, "dataset": "0123456789abcdef"}


def rows(*factors):
    """A table like that of report.epochs_section: (model, batch, [factor of each repetition])."""
    header = ["model", "configuration", "prefilter", "batch", "strffit, ms an epoch per member",
              "factor", "asked", "reached", check.SPREAD, "repetitions"]
    return report.table(header, [
        [model, "as published", "none", batch, "1.2", report.number(sorted(of)[len(of) // 2]), 3,
         "yes", f"{report.number(min(of))} to {report.number(max(of))}", len(of)]
        for model, batch, of in factors])


class Factors(unittest.TestCase):
    def fallen(self, old, new):
        return check.compare(rows(("ln", "all", old)), rows(("ln", "all", new))).fallen

    def test_within_the_spread_of_either_side(self):
        self.assertEqual(self.fallen([8, 10, 12], [6.5, 7, 7]), [])  # 40 % recorded
        self.assertEqual(self.fallen([10, 10, 10], [6, 8, 9]), [])  # 38 % now
        self.assertEqual(self.fallen([10, 10, 10], [12, 12, 12]), [])  # better

    def test_beyond_it(self):
        (text,) = self.fallen([9.8, 10, 10.1], [8.9, 9, 9.1])
        self.assertEqual(text, "model ln, configuration as published, prefilter none, batch all: "
                               "factor 9, recorded 10 (10 % less, 5 % is noise)")

    def test_one_repetition_shows_no_spread(self):
        self.assertEqual(self.fallen([10], [9.1]), [])
        self.assertEqual(self.fallen([10, 10, 10], [9.1]), [])
        self.assertEqual(len(self.fallen([10], [8.9])), 1)

    def test_rows_are_found_by_their_labels(self):
        old = rows(("ln", "all", [10]), ("ln", "1 sound", [100]), ("nrf", "all", [5]))
        new = rows(("ln", "1 sound", [100]), ("ln", "all", [5]), ("dnet", "all", [1]))
        result = check.compare(old, new)
        self.assertEqual(result.compared, 2)
        self.assertEqual(len(result.fallen), 1)
        self.assertIn("batch all", result.fallen[0])
        self.assertEqual(result.not_measured,
                         ["model nrf, configuration as published, prefilter none, batch all"])

    def test_tables_without_repetitions_or_factors(self):
        accuracy = report.table(["model", "strffit, s", "factor"],
                                [["linear", "2.78", "22"], ["nrf", "9", "score not reached"]])
        memory = report.table(["model", "expected, MB"], [["linear", "914"]])
        self.assertEqual(check.factors(accuracy + "\n\n" + memory),
                         {("model linear",): check.Factor(22.0, 0.0, 1)})

    def test_the_recorded_page_can_be_read(self):
        with open("docs/benchmarks.md", encoding="utf-8") as file:
            page = file.read()
        self.assertGreaterEqual(len(check.factors(check.section(page, "epochs"))), 24)
        self.assertGreaterEqual(len(check.factors(check.section(page, "study"))), 1)
        self.assertEqual(check.section(page, "absent"), "")

    def test_other_conditions(self):
        line = "Maker 1, 2 cores, 2 threads each; dataset x, sha256 0123456789ab; load"
        self.assertEqual(check.same_conditions(line, FACTS), "")
        self.assertIn("processor", check.same_conditions(line, FACTS | {"cores": 4}))
        self.assertIn("threads", check.same_conditions(line, FACTS | {"threads": 1}))
        self.assertIn("dataset", check.same_conditions(line, FACTS | {"dataset": "f" * 64}))

    def test_verdict(self):
        line = "Maker 1, 2 cores, 2 threads each; dataset x, sha256 0123456789ab; load\n\n"

        def page(factor):
            return {"epochs": line + rows(("ln", "all", [factor]))}

        recorded = f"<!-- begin epochs -->\n{page(10)['epochs']}\n<!-- end epochs -->"
        self.assertEqual(check.verdict(recorded, page(10), FACTS)[1], 0)
        lines, code = check.verdict(recorded, page(5), FACTS)
        self.assertEqual(code, 1)
        self.assertIn("recorded 10", "\n".join(lines))
        self.assertEqual(check.verdict(recorded, page(10), FACTS | {"threads": 1})[1], 2)
        self.assertEqual(check.verdict("", page(10), FACTS)[1], 2)
        self.assertEqual(check.verdict(recorded, {"epochs": line}, FACTS)[1], 2)


if __name__ == "__main__":
    unittest.main()
