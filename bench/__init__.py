"""The benchmarks behind `make bench`: every figure beside a bare ASGI route, in one run."""
