"""A simple pandas script: decompress all parts, join them, read the result, group it.

The tool that this one replaces works like that. `python -m benchmarks.baseline PARTS OUTPUT`.
"""

import gzip
import shutil
import sys
from pathlib import Path

import pandas as pd

parts, output = Path(sys.argv[1]), Path(sys.argv[2])
merged = output / "merged.csv"
output.mkdir(parents=True, exist_ok=True)
with merged.open("wb") as plain:
    for number, part in enumerate(sorted(parts.glob("*.csv.gz"))):
        with gzip.open(part) as rows:
            header = rows.readline()
            if number == 0:
                plain.write(header)
            shutil.copyfileobj(rows, plain, 1 << 20)
frame = pd.read_csv(merged, na_values=["\\N"], low_memory=False)
for dimension in ("PROJECT_NAME", "JOB_NAME", "RESOURCE_CLASS", "JOB_RUN_DATE"):
    frame.groupby(dimension)["TOTAL_CREDITS"].sum().to_csv(output / f"{dimension}.csv")
merged.unlink()
