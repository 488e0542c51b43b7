"""dlt reads the same records into SQLite, at the best settings that were found.

Runs in any Python that has `dlt[sqlalchemy]`, without caseferry. The settings: no child
tables, work files not compressed, pages of 1,000, no telemetry.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
}

asked = json.loads(sys.argv[1])
scratch = tempfile.mkdtemp()
os.chdir(scratch)

import dlt  # type: ignore[import-not-found]  # noqa: E402
from dlt.sources.rest_api import (  # type: ignore[import-not-found]  # noqa: E402
    rest_api_source,
)

before = time.perf_counter()
source = rest_api_source(
    {
        "client": {"base_url": asked["url"]},
        "resource_defaults": {"primary_key": "_id", "write_disposition": "append"},
        "resources": [
            {
                "name": "cases",
                "columns": {name: {"data_type": "json"} for name in asked["json"]},
                "endpoint": {
                    "path": "cases",
                    "params": {"limit": asked["page"]},
                    "data_selector": "items",
                    "paginator": {
                        "type": "offset",
                        "limit": asked["page"],
                        "total_path": "total",
                    },
                },
            }
        ],
    },
    max_table_nesting=0,
)
pipeline = dlt.pipeline(
    "b",
    destination=dlt.destinations.sqlalchemy("sqlite:///out.db"),
    dataset_name="d",
    pipelines_dir="p",
)
pipeline.extract(source)
pipeline.normalize()
pipeline.load()
wall_s = time.perf_counter() - before
with pipeline.sql_client() as sql:
    ((records,),) = sql.execute_sql("SELECT count(*) FROM cases")
if sys.platform == "linux":  # ru_maxrss counts the parent in
    with Path("/proc/self/status").open(encoding="ascii") as status:
        peak = next(int(x.split()[1]) for x in status if x.startswith("VmHWM:"))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(
    json.dumps(
        {
            "records": records,
            "wall_s": wall_s,
            "cpu_s": time.process_time(),
            "peak_mb": peak / (1024 * 1024 if sys.platform == "darwin" else 1024),
            "version": dlt.__version__,
        }
    )
)
