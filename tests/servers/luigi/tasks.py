"""Tasks in every state that Luigi knows: done, failed, running, waiting for one that failed and for a file that never comes."""

import time
from pathlib import Path

import luigi


class Task(luigi.Task):
    out = luigi.Parameter(significant=False)

    def output(self):
        return luigi.LocalTarget(str(Path(self.out) / f"{self.task_id}.txt"))

    def run(self):
        with self.output().open("w") as file:
            file.write("done")


class Extract(Task):
    day = luigi.Parameter()

    def run(self):
        self.set_status_message("extracting")
        self.set_progress_percentage(42)
        super().run()


class Charge(Task):
    def run(self):
        raise ValueError("card gateway returned 503")


class Train(Task):
    def run(self):
        for epoch in range(3600):
            self.set_progress_percentage(epoch // 36)
            time.sleep(1)


class Load(Task):
    def requires(self):
        return [Extract(day="2026-11-20", out=self.out), Charge(out=self.out)]


class VendorFile(luigi.ExternalTask):
    def output(self):
        return luigi.LocalTarget("/nonexistent/vendor.csv")


class Import(Task):
    def requires(self):
        return VendorFile()


class Everything(luigi.WrapperTask):
    out = luigi.Parameter(significant=False)

    def requires(self):
        return [
            Extract(day="2026-11-19", out=self.out),
            Load(out=self.out),
            Import(out=self.out),
            Train(out=self.out),
        ]
