"""Lambda functions behind API Gateway HTTP APIs, on this machine.

`declared` reads the graph, `archive` unpacks the code, `worker` and `pool` run it, `gateway` routes
requests to it; `server` is the process that does all this, `parts` how it is supervised.
"""
