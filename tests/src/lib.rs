//! Outside looking in: the harness, the generator and the benchmark.
