"""What `benchmarks.web` measures in a browser, part by part."""
