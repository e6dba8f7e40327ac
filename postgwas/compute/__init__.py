"""Where work runs: in process, local processes, an existing Dask cluster or a job queue.

Nothing outside this folder touches Dask.
"""

from postgwas.compute.engine import Engine, engine

__all__ = ["Engine", "engine"]
